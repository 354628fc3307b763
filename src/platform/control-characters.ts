/** C0, DEL, C1, and the separators of lines and paragraphs: what can end a line, or tell a terminal to do something. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** With each of them as `\u000a`. Others may have chosen the text, and one line must not become two. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
