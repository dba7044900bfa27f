import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Age } from "../../ui/Age";
import { Problem } from "../../ui/Problem";
import { shown } from "../../ui/values";
import { Waiting } from "../../ui/Waiting";
import { titled } from "../../ui/words";
import classes from "./History.module.css";
import { type HistoryRow, historyQuery } from "./query";

/** What happened to an item and its links, newest first: who, when, why, and before and after. */
export function History({ id }: { id: string }) {
  const history = useInfiniteQuery(historyQuery(id));
  if (history.error) return <Problem error={history.error} onRetry={() => history.refetch()} />;
  if (history.isPending) return <Waiting what="the history" />;
  const revisions = byRevision(history.data.pages.flat());
  if (revisions.length === 0) return <Text c="dimmed">Nothing has happened to it.</Text>;
  return (
    <>
      <ol className={classes.list}>
        {revisions.map((edits) => (
          <Revision key={edits[0].revision} edits={edits} />
        ))}
      </ol>
      {history.hasNextPage ? (
        <Button
          variant="default"
          mt="md"
          loading={history.isFetchingNextPage}
          onClick={() => history.fetchNextPage()}
        >
          Earlier
        </Button>
      ) : null}
    </>
  );
}

type Edits = readonly [HistoryRow, ...HistoryRow[]];

/** Edits of one revision together, in the order in which they come. */
export function byRevision(rows: readonly HistoryRow[]): Edits[] {
  const found = new Map<number, [HistoryRow, ...HistoryRow[]]>();
  for (const row of rows) {
    const edits = found.get(row.revision);
    if (edits) edits.push(row);
    else found.set(row.revision, [row]);
  }
  return [...found.values()];
}

/** Edits of one revision that are shown at first. */
const AT_FIRST = 12;

function Revision({ edits }: { edits: Edits }) {
  const [first] = edits;
  const shownEdits = edits.slice(0, AT_FIRST);
  return (
    <li className={classes.revision}>
      <div className={classes.head}>
        <b>{first.revisionReason || "No reason given"}</b>
        <Text span size="sm" c="dimmed">
          {first.actor}
          {first.source && first.source !== first.actor ? `, from ${first.source}` : ""},{" "}
          <Age time={first.time} />, revision {first.revision}
        </Text>
      </div>
      <ul className={classes.edits}>
        {shownEdits.map((edit) => (
          <Edit key={`${edit.entity} ${edit.id} ${edit.action}`} edit={edit} />
        ))}
      </ul>
      {edits.length > shownEdits.length ? (
        <details>
          <summary className={classes.more}>{edits.length - shownEdits.length} more</summary>
          <ul className={classes.edits}>
            {edits.slice(AT_FIRST).map((edit) => (
              <Edit key={`${edit.entity} ${edit.id} ${edit.action}`} edit={edit} />
            ))}
          </ul>
        </details>
      ) : null}
    </li>
  );
}

function Edit({ edit }: { edit: HistoryRow }) {
  return (
    <li>
      <span className={classes.action}>
        {titled(edit.entity)} {edit.action}
      </span>
      {edit.reason ? <Text span size="sm" c="dimmed">{` ${edit.reason}`}</Text> : null}
      {edit.action === "created" ? null : (
        <ul className={classes.changes}>
          {edit.changes.map((change) => (
            <li key={change.field}>
              {titled(change.field.replace(/^properties\./, ""))}:{" "}
              <span className={classes.before}>{shown(change.before)}</span> →{" "}
              <b>{shown(change.after)}</b>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
