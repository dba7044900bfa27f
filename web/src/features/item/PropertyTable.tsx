import { Table, Text, Title } from "@mantine/core";
import { Age } from "../../ui/Age";
import { shown } from "../../ui/values";
import { titled } from "../../ui/words";
import type { PropertyEntry } from "../catalogue/query";
import classes from "./PropertyTable.module.css";
import type { PropertyRow } from "./query";

interface Props {
  readonly rows: readonly PropertyRow[];
  /** What the catalogue says of the kind's properties. */
  readonly properties: readonly PropertyEntry[];
}

/** Every property with its value, who says so and since when, and who says something else. */
export function PropertyTable({ rows, properties }: Props) {
  const known = new Map(properties.map((property) => [property.name, property]));
  return (
    <section aria-labelledby="properties">
      <Title order={2} size="h4" id="properties" mb="xs">
        Properties
      </Title>
      {rows.length === 0 ? (
        <Text c="dimmed">No source says anything about it but that it is there.</Text>
      ) : (
        <div className={classes.frame}>
          <Table verticalSpacing={6} className={classes.table}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Property</Table.Th>
                <Table.Th>Value</Table.Th>
                <Table.Th>Source</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th>Others say</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Row key={row.property} row={row} property={known.get(row.property)} />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </section>
  );
}

function Row({ row, property }: { row: PropertyRow; property: PropertyEntry | undefined }) {
  const { winner, others } = row;
  const value = shown(winner.value, property?.unit);
  return (
    <Table.Tr>
      <Table.Th scope="row" title={property?.description}>
        {titled(row.property)}
      </Table.Th>
      <Table.Td className={classes.value}>{value}</Table.Td>
      <Table.Td data-label="Source">
        {winner.source}
        <Doubt claim={winner} />
      </Table.Td>
      <Table.Td data-label="Since">
        <Age time={winner.since} />
      </Table.Td>
      <Table.Td data-label="Others say">
        {others.map((claim) => {
          const said = shown(claim.value, property?.unit);
          return (
            <div key={`${claim.source} ${claim.since}`} className={classes.other}>
              {claim.source}{" "}
              {said === value ? (
                <Text span c="dimmed" size="sm">
                  agrees
                </Text>
              ) : (
                <>
                  says <b>{said}</b>
                </>
              )}
              <Doubt claim={claim} />
            </div>
          );
        })}
      </Table.Td>
    </Table.Tr>
  );
}

/** Whether what a source says is to be taken with care. */
function Doubt({ claim }: { claim: PropertyRow["winner"] }) {
  if (!claim.stale && !claim.missing) return null;
  return (
    <span className={classes.doubt}>
      {claim.missing ? "no longer sees it" : "silent"} (last seen <Age time={claim.lastSeen} />)
    </span>
  );
}
