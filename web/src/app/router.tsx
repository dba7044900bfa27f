import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { StartPage } from "../features/start/StartPage";
import type { ImpactState } from "../ui/states";
import { LoadProblem } from "./LoadProblem";
import { loaded } from "./loaded";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { ITEM_TABS, type ItemTab } from "./tabs";

export type FailedState = Extract<ImpactState, "down" | "degraded">;

export interface FindSearch {
  readonly q?: string;
  readonly kind?: string;
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const start = createRoute({ getParentRoute: () => root, path: "/", component: StartPage });

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const find = createRoute({
  getParentRoute: () => root,
  path: "/items",
  validateSearch: (search): FindSearch => {
    const [q, kind] = [text(search.q), text(search.kind)];
    return { ...(q && { q }), ...(kind && { kind }) };
  },
  component: lazyRouteComponent(
    loaded(() => import("../features/search/FindPage")),
    "FindPage",
  ),
});

const item = createRoute({
  getParentRoute: () => root,
  path: "/items/$id",
  validateSearch: (search): { tab?: ItemTab } => {
    const tab = ITEM_TABS.find((known) => known === search.tab);
    return tab === undefined ? {} : { tab };
  },
  component: lazyRouteComponent(
    loaded(() => import("../features/item/ItemPage")),
    "ItemPage",
  ),
});

const impact = createRoute({
  getParentRoute: () => root,
  path: "/items/$id/impact",
  validateSearch: (search): { state?: FailedState } =>
    search.state === "degraded" ? { state: "degraded" } : {},
  component: lazyRouteComponent(
    loaded(() => import("../features/impact/ImpactPage")),
    "ImpactPage",
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([start, find, item, impact]),
  defaultPreload: "intent",
  defaultErrorComponent: LoadProblem,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
