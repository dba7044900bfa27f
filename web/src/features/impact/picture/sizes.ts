import { counted, pluralKind, shortened, titled } from "../../../ui/words";
import type { Size } from "./layout";
import { type Box, isStack } from "./model";

/** Lines of text in a box, and all of it for a pointer that rests on it and for screen readers. */
export interface Label {
  readonly name: string;
  readonly detail: string;
  readonly full: string;
}

const LONGEST_NAME = 34;
const HEIGHT = 46;
const NARROWEST = 132;
/** Room for the state's shape on the left and the edge on the right. */
const AROUND = 50;
/** Room for the plus sign of a stack. */
const STACK_SIGN = 18;

export function labelOf(box: Box): Label {
  if (isStack(box)) {
    const kinds = box.kind == null ? "items" : lowered(pluralKind(box.kind));
    const name = counted(box.count, kinds, kinds);
    return { name, detail: "a stack to open", full: name };
  }
  const kind = titled(box.kind ?? "item");
  return { name: shortened(box.label, LONGEST_NAME), detail: kind, full: `${kind} ${box.label}` };
}

/** How wide a text is, by font. */
export type Measure = (text: string, font: "name" | "detail") => number;

export function sizeOf(box: Box, measure: Measure): Size {
  const label = labelOf(box);
  const text = Math.max(measure(label.name, "name"), measure(label.detail, "detail"));
  const width = AROUND + (isStack(box) ? STACK_SIGN : 0) + text;
  return { width: Math.max(NARROWEST, Math.ceil(width)), height: HEIGHT };
}

/** Measures in the fonts of the page, as Picture.module.css sets them. */
export function measureInPage(): Measure {
  const context = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const fonts = { name: `600 14px ${family}`, detail: `400 12px ${family}` };
  return (text, font) => {
    if (context === null) return text.length * 8;
    context.font = fonts[font];
    return context.measureText(text).width;
  };
}

/** Begins with a small letter, unless it begins with an abbreviation. */
function lowered(words: string): string {
  return /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words;
}
