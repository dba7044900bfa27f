import { useEffect } from "react";

/** Puts a name into the title of the window while the page is shown. */
export function usePageTitle(name: string | undefined): void {
  useEffect(() => {
    document.title = name === undefined ? "CMDB" : `${name} · CMDB`;
  }, [name]);
}
