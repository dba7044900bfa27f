import { Stack, Text, Title } from "@mantine/core";

interface Props {
  readonly title: string;
  readonly children: React.ReactNode;
  /** A button or link that helps. */
  readonly action?: React.ReactNode;
}

/** A page, or a part of one, that has nothing to show but a sentence. */
export function Message({ title, children, action }: Props) {
  return (
    <Stack gap="xs" py="xl" maw={560} align="start" role="status">
      <Title order={2} size="h3">
        {title}
      </Title>
      <Text component="div">{children}</Text>
      {action}
    </Stack>
  );
}
