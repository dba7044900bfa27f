import { Combobox, Kbd, Loader, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue, useHotkeys } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { ServerError } from "../../graphql/errors";
import { SearchIcon } from "../../ui/icons";
import { StatusBadge } from "../../ui/StatusBadge";
import { counted, titled } from "../../ui/words";
import { searchQuery } from "./query";
import classes from "./SearchBox.module.css";

const SHOWN = 8;
const PAUSE_MS = 150;
/** The value of the entry that leads to all results; no item has an empty id. */
const ALL = "";

/** Finds items while one types. The slash key leads here from everywhere. */
export function SearchBox() {
  const [text, setText] = useState("");
  const [wanted] = useDebouncedValue(text.trim(), PAUSE_MS);
  const input = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const { data, error, isFetching } = useQuery({
    ...searchQuery(wanted, SHOWN),
    placeholderData: keepPreviousData,
  });
  useHotkeys([["/", () => input.current?.select()]]);

  const leave = () => {
    combobox.closeDropdown();
    setText("");
    input.current?.blur();
  };
  const choose = (id: string) => {
    const q = text.trim();
    leave();
    if (id === ALL) void navigate({ to: "/items", search: { q } });
    else void navigate({ to: "/items/$id", params: { id } });
  };
  const found = wanted === "" ? undefined : data;

  return (
    <Combobox store={combobox} onOptionSubmit={choose} offset={4} shadow="md">
      <Combobox.Target>
        <TextInput
          ref={input}
          type="search"
          aria-label="Search for items"
          placeholder="Search for a name, an address, a serial number …"
          leftSection={<SearchIcon />}
          rightSection={isFetching ? <Loader size={16} /> : <Kbd className={classes.key}>/</Kbd>}
          rightSectionPointerEvents="none"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.resetSelectedOption();
            combobox.openDropdown();
          }}
          onFocus={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === "Escape") leave();
            const nothingChosen = combobox.getSelectedOptionIndex() === -1;
            if (event.key === "Enter" && nothingChosen && text.trim() !== "") choose(ALL);
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={wanted === "" || text.trim() === ""}>
        <Combobox.Options aria-label="Items found" mah="70vh" className={classes.options ?? ""}>
          {error ? (
            <Combobox.Empty>
              {error instanceof ServerError ? error.title : "The search failed"}
            </Combobox.Empty>
          ) : found === undefined ? (
            <Combobox.Empty>Searching …</Combobox.Empty>
          ) : found.nodes.length === 0 ? (
            <Combobox.Empty>Nothing is called like that</Combobox.Empty>
          ) : (
            found.nodes.map((item) => (
              <Combobox.Option key={item.id} value={item.id}>
                <span className={classes.option}>
                  <span className={classes.name}>{item.name}</span>
                  <span className={classes.kind}>{titled(item.kind)}</span>
                  <span className={classes.status}>
                    <StatusBadge status={item.status} stale={item.stale} />
                  </span>
                </span>
              </Combobox.Option>
            ))
          )}
          {found !== undefined && found.totalCount > found.nodes.length ? (
            <Combobox.Option value={ALL} className={classes.all}>
              All {counted(found.totalCount, "result")}
            </Combobox.Option>
          ) : null}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
