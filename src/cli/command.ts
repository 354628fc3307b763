import type { CliContext } from './context.js';

/** An option of a command; the help, the completions and both ways of parsing come from it. */
export type OptionSpec =
  | { readonly kind: 'flag'; readonly describe: string }
  /** A number above 0, such as 0.5. */
  | { readonly kind: 'seconds'; readonly describe: string; readonly default: number }
  /** A whole number, 0 or greater. */
  | { readonly kind: 'id'; readonly describe: string }
  | { readonly kind: 'choice'; readonly describe: string; readonly choices: readonly string[] }
  | { readonly kind: 'text'; readonly describe: string; readonly completes?: 'file' };

type ValueOf<S extends OptionSpec> = S extends { kind: 'flag' }
  ? boolean
  : S extends { kind: 'seconds' }
    ? number
    : S extends { kind: 'id' }
      ? number | undefined
      : S extends { kind: 'choice'; choices: readonly (infer Choice)[] }
        ? Choice | undefined
        : string | undefined;

/** Values by the options' names, as they were given or by default. */
export type ValuesOf<O extends Readonly<Record<string, OptionSpec>>> = { readonly [Name in keyof O]: ValueOf<O[Name]> };

/** The one word that a command takes besides its options. */
export interface ArgumentSpec {
  readonly name: string;
  readonly describe: string;
  readonly required: boolean;
  /** Null: a configuration file. */
  readonly choices: readonly string[] | null;
}

/** A term and what it means: a row of the help. */
export type Explained = readonly (readonly [term: string, meaning: string])[];

interface CommandText {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs of its own help. */
  readonly about: string;
  readonly argument: ArgumentSpec | null;
  /** More rows of its help, under titles of their own. */
  readonly sections?: readonly (readonly [title: string, rows: Explained])[];
  readonly environment: Explained;
  readonly exitCodes: Explained;
  readonly examples: Explained;
}

interface CommandSpec<O extends Readonly<Record<string, OptionSpec>>> extends CommandText {
  readonly options: O;
  readonly run: (context: CliContext, argument: string | undefined, options: ValuesOf<O>) => Promise<number>;
}

export interface Command extends CommandText {
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** `options` has a value of the right type for every option. Resolves to the exit code. */
  readonly run: (
    context: CliContext,
    argument: string | undefined,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<number>;
}

export function defineCommand<const O extends Readonly<Record<string, OptionSpec>>>(spec: CommandSpec<O>): Command {
  return { ...spec, run: (context, argument, options) => spec.run(context, argument, options as ValuesOf<O>) };
}

/** What an option is when it is not given. */
export function defaultOf(option: OptionSpec): boolean | number | undefined {
  if (option.kind === 'flag') return false;
  return option.kind === 'seconds' ? option.default : undefined;
}
