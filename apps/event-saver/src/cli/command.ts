import type { Command } from 'commander'
import type { ConfigResult } from '../config/load.ts'
import type { ExitCode } from '../exit-code.ts'

/** Where a command line runs. */
export interface CommandContext {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the command was typed; relative paths start there. */
  readonly cwd: string
  /** Takes data for the caller. */
  readonly out: (text: string) => void
  /** Resolves once the caller has taken all data; left out where it takes them at once. */
  readonly drained?: (() => Promise<void>) | undefined
  /** Takes messages for the operator. */
  readonly err: (text: string) => void
  /** Where messages are seen by somebody, who may be shown how far a command is; left out for none. */
  readonly terminal?: NodeJS.WritableStream | undefined
  /** What is piped in or typed. */
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
}

/** A configuration without faults. */
export type LoadedConfig = Extract<ConfigResult, { ok: true }>

/** The options of a command as typed, by name. */
export type CommandOptions = Readonly<Record<string, unknown>>

/** What a command does. */
export type Action = (
  loaded: LoadedConfig,
  options: CommandOptions,
  args: readonly string[],
) => Promise<ExitCode>

/** Adds a command that takes every setting as a flag, to the program or below another command. */
export type AddCommand = (
  name: string,
  description: string,
  examples: string,
  action: Action,
  parent?: Command,
) => Command

/** What a group of commands is added to. */
export interface CommandLine {
  readonly program: Command
  readonly context: CommandContext
  readonly add: AddCommand
  /** Prints data as JSON with `--json`, otherwise as lines, in which what is not seen is escaped. */
  readonly print: (options: CommandOptions, data: unknown, lines: readonly string[]) => void
}

/** The option that {@link CommandLine.print} reads. */
export const JSON_OPTION = ['--json', 'print JSON'] as const
