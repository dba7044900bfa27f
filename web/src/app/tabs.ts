/** The tabs of an item's page, as they stand in its address; the first one does not. */
export const ITEM_TABS = ["history"] as const;
export type ItemTab = (typeof ITEM_TABS)[number];
