import classes from "./StateMark.module.css";
import { type ImpactState, STATE_LABEL, STATE_MEANING } from "./states";

/** A state's shape: each has its own outline, so that no one needs to see the colour. */
const SHAPES: Record<ImpactState, React.ReactNode> = {
  down: (
    <>
      <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />
      <path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" className={classes.inner} />
    </>
  ),
  degraded: (
    <>
      <path d="M8 1 15.4 14.4H.6z" fill="currentColor" />
      <path d="M8 6v3.6m0 2v.6" className={classes.inner} />
    </>
  ),
  at_risk: (
    <>
      <path d="m8 .9 7.1 7.1L8 15.1.9 8z" className={classes.outline} />
      <path d="M8 .9v14.2L.9 8z" fill="currentColor" />
    </>
  ),
  up: (
    <>
      <circle cx="8" cy="8" r="6.6" className={classes.outline} />
      <path d="m5 8.2 2.1 2.2L11 6" className={classes.outline} />
    </>
  ),
};

/** The shape alone, 16 by 16, to be placed in a drawing that names the state in words. */
export function StateShape({ state }: { state: ImpactState }) {
  return (
    <g className={classes.shape} data-state={state}>
      {SHAPES[state]}
    </g>
  );
}

/** A state as shape, colour and word. */
export function StateMark({ state, count }: { state: ImpactState; count?: number }) {
  return (
    <span className={classes.mark} data-state={state} title={STATE_MEANING[state]}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <StateShape state={state} />
      </svg>
      {count === undefined ? null : <b>{count.toLocaleString("en")}</b>}
      {STATE_LABEL[state]}
    </span>
  );
}
