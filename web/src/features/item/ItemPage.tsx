import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ITEM_TABS } from "../../app/tabs";
import { Message } from "../../ui/Message";
import { Problem } from "../../ui/Problem";
import { usePageTitle } from "../../ui/usePageTitle";
import { Waiting } from "../../ui/Waiting";
import { catalogueQuery } from "../catalogue/query";
import { History } from "./History";
import { ItemHeader } from "./ItemHeader";
import { LinkSectionsView } from "./LinkSections";
import { PropertyTable } from "./PropertyTable";
import { itemQuery } from "./query";

const route = getRouteApi("/items/$id");

/** One item: what is known of it and by whom, what it rests on, what rests on it, what happened. */
export function ItemPage() {
  const { id } = route.useParams();
  const { tab = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  const item = useQuery(itemQuery(id));
  const catalogue = useQuery(catalogueQuery);
  usePageTitle(item.data?.name);

  const error = item.error ?? catalogue.error;
  if (error) {
    const again = () => void Promise.all([item.refetch(), catalogue.refetch()]);
    return <Problem error={error} onRetry={again} />;
  }
  if (item.isPending || !catalogue.data) return <Waiting what="the item" lines={12} />;
  if (!item.data) return <Message title="There is no such item">It may never have been.</Message>;
  const { data } = item;
  const kind = catalogue.data.kinds.get(data.kind);

  return (
    <>
      <ItemHeader item={data} />
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => {
          const next = ITEM_TABS.find((known) => known === value);
          void navigate({ search: next ? { tab: next } : {}, replace: true });
        }}
      >
        <Tabs.List>
          <Tabs.Tab value="overview">Properties and links</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview" pt="lg">
          <PropertyTable rows={data.provenance} properties={kind?.properties ?? []} />
          <LinkSectionsView links={data.links} relations={catalogue.data.relations} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="lg">
          <History id={data.id} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
