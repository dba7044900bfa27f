/** Line icons, 16 by 16, in the colour of the text around them; the words beside them say it all. */
function Icon({ path }: { path: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

export const SearchIcon = () => <Icon path="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14" />;
export const PlusIcon = () => <Icon path="M8 3v10M3 8h10" />;
export const MinusIcon = () => <Icon path="M3 8h10" />;
export const ToStartIcon = () => <Icon path="M3 3v10M13 8H6m3-3L6 8l3 3" />;
export const ToEndIcon = () => <Icon path="M13 3v10M3 8h7M7 5l3 3-3 3" />;
export const CloseIcon = () => <Icon path="m4 4 8 8m0-8-8 8" />;
export const SunIcon = () => (
  <Icon path="M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1m8 8 1 1m0-10-1 1m-8 8-1 1" />
);
export const MoonIcon = () => <Icon path="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z" />;
export const SortIcon = ({ direction }: { direction: "asc" | "desc" | null }) => (
  <Icon
    path={
      direction === null
        ? "m5 6 3-3 3 3M5 10l3 3 3-3"
        : direction === "asc"
          ? "m4 10 4-4 4 4"
          : "m4 6 4 4 4-4"
    }
  />
);
export const BlastIcon = () => (
  <Icon path="M8 9.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 4.5a5 5 0 0 0 0 7m7-7a5 5 0 0 1 0 7M2 2.4a8 8 0 0 0 0 11.2M14 2.4a8 8 0 0 1 0 11.2" />
);
