import { Button, Pagination, Select, Table, Text, TextInput, Title } from "@mantine/core";
import { Fragment, useState } from "react";
import { ItemLink } from "../../ui/ItemLink";
import { SortIcon } from "../../ui/icons";
import { StateMark } from "../../ui/StateMark";
import { STATE_LABEL } from "../../ui/states";
import { counted, titled } from "../../ui/words";
import type { RelationEntry } from "../catalogue/query";
import classes from "./AffectedTable.module.css";
import type { AffectedRow, Impact } from "./query";
import { type SortField, type View, viewed } from "./rows";
import { Steps } from "./WhyLine";
import { whyOf } from "./why";

const PAGE = 25;

const COLUMNS: readonly (readonly [SortField, string])[] = [
  ["state", "State"],
  ["name", "Item"],
  ["kind", "Kind"],
  ["distance", "Steps"],
];

const UNSORTED: View = { state: null, kind: null, text: "", sort: "state", descending: false };

interface Props {
  readonly impact: Impact;
  readonly rows: ReadonlyMap<string, AffectedRow>;
  readonly relations: ReadonlyMap<string, RelationEntry>;
}

/** Every affected item, to be sorted and filtered, each with the reason for its state. */
export function AffectedTable({ impact, rows, relations }: Props) {
  const [view, setView] = useState(UNSORTED);
  const [page, setPage] = useState(1);
  const [open, setOpen] = useState<string | null>(null);
  const change = (next: Partial<View>) => {
    setView({ ...view, ...next });
    setPage(1);
  };
  const found = viewed(impact.affected, view);
  const shown = found.slice((page - 1) * PAGE, page * PAGE);
  const total = impact.totals?.affected ?? impact.affected.length;

  return (
    <section aria-labelledby="affected" className={classes.section}>
      <div className={classes.head}>
        <Title order={2} size="h4" id="affected">
          Every item affected
        </Title>
        <Filters rows={impact.affected} view={view} onChange={change} />
      </div>
      {total > impact.affected.length ? (
        <Text size="sm" mb="xs">
          The worst {counted(impact.affected.length, "item")} of {total.toLocaleString("en")} are
          listed; the counts above are of all.
        </Text>
      ) : null}
      <div className={classes.frame}>
        <Table verticalSpacing={5} highlightOnHover className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              {COLUMNS.map(([field, label]) => (
                <SortHeader key={field} field={field} label={label} view={view} onChange={change} />
              ))}
              <Table.Th>Why</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((row) => (
              <Fragment key={row.id}>
                <Row
                  row={row}
                  rows={rows}
                  relations={relations}
                  open={open === row.id}
                  onOpen={() => setOpen(open === row.id ? null : row.id)}
                />
                {open === row.id ? (
                  <Table.Tr>
                    <Table.Td colSpan={COLUMNS.length + 1} className={classes.steps}>
                      <Steps row={row} rows={rows} relations={relations} />
                    </Table.Td>
                  </Table.Tr>
                ) : null}
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
        {found.length === 0 ? (
          <Text p="md" c="dimmed">
            No affected item is like that.
          </Text>
        ) : null}
      </div>
      <div className={classes.foot}>
        <Text size="sm" c="dimmed" role="status">
          {counted(found.length, "item")}
        </Text>
        {found.length > PAGE ? (
          <Pagination
            total={Math.ceil(found.length / PAGE)}
            value={page}
            onChange={setPage}
            size="sm"
            getControlProps={(control) => ({ "aria-label": `${titled(control)} page` })}
            getItemProps={(number) => ({ "aria-label": `Page ${number}` })}
          />
        ) : null}
      </div>
    </section>
  );
}

interface FiltersProps {
  readonly rows: readonly AffectedRow[];
  readonly view: View;
  readonly onChange: (next: Partial<View>) => void;
}

function Filters({ rows, view, onChange }: FiltersProps) {
  const states = (["down", "degraded", "at_risk"] as const).filter((state) =>
    rows.some((row) => row.state === state),
  );
  const kinds = [...new Set(rows.map((row) => row.kind))].sort();
  return (
    <div className={classes.filters}>
      <TextInput
        aria-label="Filter by name"
        placeholder="Name"
        value={view.text}
        onChange={(event) => onChange({ text: event.currentTarget.value })}
      />
      <Select
        aria-label="Filter by state"
        placeholder="Any state"
        clearable
        data={states.map((state) => ({ value: state, label: STATE_LABEL[state] }))}
        value={view.state}
        onChange={(value) => onChange({ state: states.find((state) => state === value) ?? null })}
      />
      <Select
        aria-label="Filter by kind"
        placeholder="Any kind"
        clearable
        searchable
        data={kinds.map((kind) => ({ value: kind, label: titled(kind) }))}
        value={view.kind}
        onChange={(kind) => onChange({ kind })}
      />
    </div>
  );
}

interface SortHeaderProps {
  readonly field: SortField;
  readonly label: string;
  readonly view: View;
  readonly onChange: (next: Partial<View>) => void;
}

function SortHeader({ field, label, view, onChange }: SortHeaderProps) {
  const sorted = view.sort === field;
  const direction = sorted ? (view.descending ? "desc" : "asc") : null;
  return (
    <Table.Th
      aria-sort={direction === null ? "none" : direction === "asc" ? "ascending" : "descending"}
    >
      <button
        type="button"
        className={classes.sort}
        onClick={() => onChange({ sort: field, descending: sorted && !view.descending })}
      >
        {label} <SortIcon direction={direction} />
      </button>
    </Table.Th>
  );
}

interface RowProps {
  readonly row: AffectedRow;
  readonly rows: Props["rows"];
  readonly relations: Props["relations"];
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Row({ row, rows, relations, open, onOpen }: RowProps) {
  const { phrase, from } = whyOf(row, relations);
  const [first, ...more] = from.map((id) => rows.get(id)?.name ?? "an item that is not listed");
  return (
    <Table.Tr>
      <Table.Td>
        <StateMark state={row.state} />
      </Table.Td>
      <Table.Td className={classes.name}>
        <ItemLink id={row.id} name={row.name} />
      </Table.Td>
      <Table.Td className={classes.kind}>{titled(row.kind)}</Table.Td>
      <Table.Td className={classes.number}>
        {row.distance}
        <span className={classes.unit}> {row.distance === 1 ? "step" : "steps"} away</span>
      </Table.Td>
      <Table.Td className={classes.why}>
        {phrase === null ? (
          "it failed itself"
        ) : (
          <>
            {phrase} {first}
            {more.length > 0 ? ` and ${more.length} more` : ""}{" "}
            <Button
              variant="subtle"
              size="compact-xs"
              aria-expanded={open}
              aria-label={`${open ? "Hide" : "Show"} all steps to ${row.name}`}
              onClick={onOpen}
            >
              {open ? "Hide steps" : "All steps"}
            </Button>
          </>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
