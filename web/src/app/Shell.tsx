import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { SearchBox } from "../features/search/SearchBox";
import { MoonIcon, SunIcon } from "../ui/icons";
import classes from "./Shell.module.css";

/** What is around every page: the name, the search box, light or dark. */
export function Shell() {
  const wide = useLocation().pathname.endsWith("/impact");
  return (
    <>
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <header className={classes.header}>
        <Link to="/" className={classes.brand}>
          <img src="/favicon.svg" width="26" height="26" alt="" />
          CMDB
        </Link>
        <div className={classes.search}>
          <SearchBox />
        </div>
        <nav className={classes.nav} aria-label="Tools">
          <a href="/graphql">GraphQL</a>
          <SchemeSwitch />
        </nav>
      </header>
      <main id="main" tabIndex={-1} className={classes.main} data-wide={wide || undefined}>
        <Outlet />
      </main>
    </>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark";
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={dark ? "Light colours" : "Dark colours"}
      title={dark ? "Light colours" : "Dark colours"}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      {dark ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}
