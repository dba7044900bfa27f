import { Button, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Age } from "../../ui/Age";
import { ItemLink } from "../../ui/ItemLink";
import { Message } from "../../ui/Message";
import { Problem } from "../../ui/Problem";
import { StatusBadge } from "../../ui/StatusBadge";
import { usePageTitle } from "../../ui/usePageTitle";
import { Waiting } from "../../ui/Waiting";
import { counted, pluralKind, titled } from "../../ui/words";
import classes from "./FindPage.module.css";
import { findQuery } from "./query";

const route = getRouteApi("/items");

/** All items that a text finds, or all of a kind, a page at a time. */
export function FindPage() {
  const { q, kind } = route.useSearch();
  const title = titleOf(q, kind);
  usePageTitle(title);
  const found = useInfiniteQuery(findQuery(q, kind));
  if (found.error) return <Problem error={found.error} onRetry={() => found.refetch()} />;
  if (found.isPending) return <Waiting what="items" lines={10} />;
  const items = found.data.pages.flatMap((page) => page.nodes);
  const total = found.data.pages[0]?.totalCount ?? 0;
  if (items.length === 0) {
    return (
      <Message title={`Nothing found: ${title}`}>
        Every word must begin a word of a name, an identifier or a value. Try fewer letters.
      </Message>
    );
  }
  return (
    <>
      <Title order={1} size="h2" mb="xs">
        {title}
      </Title>
      <Text c="dimmed" mb="md" size="sm" role="status">
        {counted(total, "item")}
        {kind !== undefined && q !== undefined ? (
          <>
            {" · "}
            <Link to="/items" search={{ q }}>
              of all kinds
            </Link>
          </>
        ) : null}
      </Text>
      <div className={classes.frame}>
        <Table verticalSpacing={6} highlightOnHover className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              {kind === undefined ? <Table.Th>Kind</Table.Th> : null}
              <Table.Th>Status</Table.Th>
              <Table.Th className={classes.age}>Last seen</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((item) => (
              <Table.Tr key={item.id}>
                <Table.Td className={classes.name}>
                  <ItemLink id={item.id} name={item.name} />
                </Table.Td>
                {kind === undefined ? <Table.Td>{titled(item.kind)}</Table.Td> : null}
                <Table.Td>
                  <StatusBadge status={item.status} stale={item.stale} />
                </Table.Td>
                <Table.Td className={classes.age}>
                  <Age time={item.lastSeen} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {found.hasNextPage ? (
        <Button
          variant="default"
          mt="md"
          loading={found.isFetchingNextPage}
          onClick={() => found.fetchNextPage()}
        >
          {counted(total - items.length, "more", "more")}
        </Button>
      ) : null}
    </>
  );
}

function titleOf(q: string | undefined, kind: string | undefined): string {
  const kinds = kind === undefined ? "All items" : pluralKind(kind);
  return q === undefined ? kinds : `${kinds} for “${q}”`;
}
