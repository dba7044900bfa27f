/** How a state is called and what it means; colours and shapes are in StateMark. */
export type ImpactState = "up" | "at_risk" | "degraded" | "down";

export const STATE_LABEL: Record<ImpactState, string> = {
  up: "Up",
  at_risk: "At risk",
  degraded: "Degraded",
  down: "Down",
};

export const STATE_MEANING: Record<ImpactState, string> = {
  up: "serves",
  at_risk: "still serves, but its redundancy is gone",
  degraded: "serves badly",
  down: "does not serve",
};
