import { useEffect, useId, useState } from 'preact/hooks';

/** A search begins when nothing was typed for so long. */
const QUIET_MS = 250;

/** A field to look for something while it is typed. */
export function Search({ label, onSearch }: { label: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState('');
  const id = useId();
  useEffect(() => {
    const timer = setTimeout(() => {
      onSearch(text);
    }, QUIET_MS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);
  return (
    <p class="search" role="search">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </p>
  );
}
