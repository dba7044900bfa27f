import { useEffect, useRef, useState } from "react";
import { layoutEngine } from "./engine";
import { type Layout, layOut, type Shape } from "./layout";
import type { Picture } from "./model";
import { type Measure, measureInPage, sizeOf } from "./sizes";

interface Answer {
  readonly layout: Layout | null;
  readonly failed: boolean;
}

/**
 * The layout of a picture; until a changed one is laid out, that of the one before it.
 *
 * `question` says which pictures belong together: those keep the order of their boxes.
 */
export function useLayout(
  picture: Picture | undefined,
  question: string,
  layer: Shape["layer"],
): Answer {
  const [answer, setAnswer] = useState<Answer>({ layout: null, failed: false });
  const earlier = useRef<{ question: string; layout: Layout } | null>(null);
  const measure = useRef<Measure | null>(null);

  useEffect(() => {
    // The engine takes a second to start: that goes on while the server thinks.
    const engine = layoutEngine();
    if (picture === undefined) return;
    let wanted = true;
    measure.current ??= measureInPage();
    const measured = measure.current;
    const last = earlier.current;
    const before = last !== null && last.question === question ? last.layout : null;
    layOut(engine, picture, { size: (box) => sizeOf(box, measured), layer }, before).then(
      (layout) => {
        if (!wanted) return;
        earlier.current = { question, layout };
        setAnswer({ layout, failed: false });
      },
      () => wanted && setAnswer({ layout: null, failed: true }),
    );
    return () => {
      wanted = false;
    };
  }, [picture, question, layer]);

  return answer;
}
