import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";

/** Grey lines where text will be. */
export function Waiting({ lines = 6, what }: { lines?: number; what: string }) {
  return (
    <Stack gap="sm" py="sm" role="status">
      <VisuallyHidden>Loading {what} …</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
        <Skeleton key={line} height={16} width={`${90 - ((line * 17) % 45)}%`} />
      ))}
    </Stack>
  );
}
