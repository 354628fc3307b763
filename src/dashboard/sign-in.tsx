import { useId, useState } from 'preact/hooks';
import { signedInAs, signIn, signOut } from './api.js';

/** Digest authentication for nodes that not everybody may read. What is typed is kept in this page's memory only. */
export function SignIn({ onChange }: { onChange: () => void }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const id = useId();
  const name = signedInAs();
  if (name !== null) {
    return (
      <p class="signed-in">
        <span>
          Nodes are asked for as <strong>{name}</strong> (digest).
        </span>
        <button
          type="button"
          onClick={() => {
            signOut();
            onChange();
          }}
        >
          Sign out
        </button>
      </p>
    );
  }
  return (
    <details class="sign-in">
      <summary>You see what everybody may read. Sign in for more.</summary>
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          signIn(user, password);
          setPassword('');
          onChange();
        }}
      >
        <label for={`${id}-user`}>User</label>
        <input
          id={`${id}-user`}
          required
          pattern="[^:]+"
          title="a name without a colon"
          value={user}
          onInput={({ currentTarget }) => setUser(currentTarget.value)}
        />
        <label for={`${id}-password`}>Password</label>
        <input
          id={`${id}-password`}
          type="password"
          autocomplete="off"
          required
          value={password}
          onInput={({ currentTarget }) => setPassword(currentTarget.value)}
        />
        <button type="submit">Sign in</button>
        <p class="muted">
          It is sent as an Authorization header of the scheme digest, and forgotten when you leave the page.
        </p>
      </form>
    </details>
  );
}
