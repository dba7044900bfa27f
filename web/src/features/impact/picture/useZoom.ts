import { select } from "d3-selection";
import { type ZoomTransform, zoom, zoomIdentity } from "d3-zoom";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Layout, Place } from "./layout";

/** Text is never made smaller than this to fit a picture in. */
const SMALLEST_FIT = 0.8;
const RANGE: [number, number] = [0.4, 2];
const MARGIN = 12;

export interface Zoom {
  readonly transform: ZoomTransform;
  readonly by: (factor: number) => void;
  /** Shows the whole picture where it can be read, or else its beginning. */
  readonly showStart: () => void;
  /** Shows the right edge: what the business sees. */
  readonly showEnd: () => void;
  /** Moves a box that is outside of the window into it. */
  readonly reveal: (place: Place) => void;
}

/**
 * Panning and zooming of a drawing: drag to move, the wheel with Ctrl (or pinching) to zoom, sideways
 * scrolling to move sideways. Plain scrolling stays the page's.
 */
export function useZoom(
  svg: React.RefObject<SVGSVGElement | null>,
  layout: Layout | null,
  start: Place | undefined,
): Zoom {
  const [transform, setTransform] = useState<ZoomTransform>(zoomIdentity);
  const behaviour = useMemo(
    () =>
      zoom<SVGSVGElement, unknown>()
        .scaleExtent(RANGE)
        .filter((event: Event) => !(event instanceof WheelEvent) || event.ctrlKey || event.metaKey)
        .on("zoom", (event: { transform: ZoomTransform }) => setTransform(event.transform)),
    [],
  );

  useEffect(() => {
    if (svg.current === null) return;
    const selection = select(svg.current);
    selection.call(behaviour).on("dblclick.zoom", null);
    const sideways = (event: WheelEvent) => {
      const by = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (event.ctrlKey || event.metaKey || Math.abs(by) <= Math.abs(event.deltaY - by)) return;
      event.preventDefault();
      selection.call(behaviour.translateBy, -by, 0);
    };
    selection.on("wheel.sideways", sideways, { passive: false });
    return () => {
      selection.on(".zoom", null).on(".sideways", null);
    };
  }, [svg, behaviour]);

  const move = useCallback(
    (to: ZoomTransform) => {
      if (svg.current !== null) select(svg.current).call(behaviour.transform, to);
    },
    [svg, behaviour],
  );

  const showStart = useCallback(() => {
    if (svg.current !== null && layout !== null) move(fitted(svg.current, layout, start));
  }, [svg, layout, start, move]);

  const showEnd = useCallback(() => {
    if (svg.current === null || layout === null) return;
    const [width, { k, y }] = [svg.current.clientWidth, transform];
    move(zoomIdentity.translate(Math.min(0, width - layout.width * k), y).scale(k));
  }, [svg, layout, transform, move]);

  // Only the first layout is fitted: after that the person decides where to look.
  const fittedOnce = useRef(false);
  useEffect(() => {
    if (layout === null || fittedOnce.current) return;
    fittedOnce.current = true;
    showStart();
  }, [layout, showStart]);

  const by = useCallback(
    (factor: number) => {
      if (svg.current !== null) select(svg.current).call(behaviour.scaleBy, factor);
    },
    [svg, behaviour],
  );

  const reveal = useCallback(
    (place: Place) => {
      if (svg.current === null) return;
      const { k, x, y } = transform;
      const dx = outside(place.x * k + x, place.width * k, svg.current.clientWidth);
      const dy = outside(place.y * k + y, place.height * k, svg.current.clientHeight);
      if (dx !== 0 || dy !== 0) move(zoomIdentity.translate(x + dx, y + dy).scale(k));
    },
    [svg, transform, move],
  );

  return { transform, by, showStart, showEnd, reveal };
}

/** How far something has to move to be inside of a window of that length. */
function outside(from: number, length: number, window: number): number {
  if (from < MARGIN) return MARGIN - from;
  return Math.min(0, window - MARGIN - from - length);
}

/** The whole picture if it stays readable; else the left edge, with `start` in the middle. */
function fitted(svg: SVGSVGElement, layout: Layout, start: Place | undefined): ZoomTransform {
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  const whole = Math.min(1, width / layout.width, height / layout.height);
  const scale = Math.max(SMALLEST_FIT, whole);
  const [w, h] = [layout.width * scale, layout.height * scale];
  const x = Math.max(0, (width - w) / 2);
  const middle = start === undefined ? h / 2 : (start.y + start.height / 2) * scale;
  const y = h <= height ? (height - h) / 2 : clamp(height / 2 - middle, height - h, 0);
  return zoomIdentity.translate(x, y).scale(scale);
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
