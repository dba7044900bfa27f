import { Message } from "../ui/Message";

export function NotFound() {
  return (
    <Message title="There is no such page">
      The address may be mistyped. Search above for what you were looking for.
    </Message>
  );
}
