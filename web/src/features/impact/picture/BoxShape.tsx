import { StateShape } from "../../../ui/StateMark";
import { STATE_LABEL } from "../../../ui/states";
import type { Place } from "./layout";
import { type Box, isStack } from "./model";
import classes from "./Picture.module.css";
import { labelOf } from "./sizes";

interface Props {
  readonly box: Box;
  readonly place: Place;
  readonly selected: boolean;
  readonly dimmed: boolean;
  /** Opens a stack, or selects an item. */
  readonly onChoose: (box: Box) => void;
  readonly onFocus: (place: Place) => void;
}

/** One box: a button that selects its item or opens its stack. */
export function BoxShape({ box, place, selected, dimmed, onChoose, onFocus }: Props) {
  const stack = isStack(box);
  const label = labelOf(box);
  const { width, height } = place;
  const action = stack ? "open the stack" : "show why";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing has no button element
    <g
      className={classes.box}
      style={{ transform: `translate(${place.x}px, ${place.y}px)` }}
      role="button"
      tabIndex={0}
      aria-label={`${label.name} ${label.detail}, ${STATE_LABEL[box.state].toLowerCase()}${box.cause ? ", failed" : ""}: ${action}`}
      {...(stack ? {} : { "aria-pressed": selected })}
      data-state={box.state}
      data-cause={box.cause || undefined}
      data-selected={selected || undefined}
      data-dimmed={dimmed || undefined}
      data-stack={stack || undefined}
      onClick={() => onChoose(box)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        onChoose(box);
      }}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && onFocus(place)}
    >
      {stack ? (
        <rect x={4} y={4} width={width} height={height} rx={6} className={classes.behind} />
      ) : null}
      <rect width={width} height={height} rx={6} className={classes.front} />
      <g transform={`translate(11 ${height / 2 - 9}) scale(1.125)`}>
        <StateShape state={box.state} />
      </g>
      <text>
        <tspan x={38} y={20} className={classes.name}>
          {label.name}
        </tspan>{" "}
        <tspan x={38} y={36} className={classes.detail}>
          {label.detail}
        </tspan>
      </text>
      {stack ? <path d={`M${width - 20},14h10m-5,-5v10`} className={classes.sign} /> : null}
    </g>
  );
}
