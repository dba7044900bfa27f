import type { ELK } from "elkjs/lib/elk-api";
import ElkApi from "elkjs/lib/elk-api.js";
import ElkWorker from "elkjs/lib/elk-worker.min.js?worker";

let engine: ELK | undefined;

/** The layout engine in its worker; started at the first call and then kept. */
export function layoutEngine(): ELK {
  engine ??= new ElkApi({ workerFactory: () => new ElkWorker() });
  return engine;
}
