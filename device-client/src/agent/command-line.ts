const COMMANDS = [
  'run',
  'check-config',
  'health',
  'maintenance',
  'rotate-certificate',
  'decommission',
  'help',
] as const;

export type AgentCommand = (typeof COMMANDS)[number];

export interface CommandLine {
  readonly command: AgentCommand;
  readonly config: string | undefined;
  readonly allowRoot: boolean;
  readonly yes: boolean;
  /** Of `maintenance`. */
  readonly on: boolean;
  /** Settings, by name of the flag; what is no setting is for the configuration to refuse. */
  readonly flags: Readonly<Record<string, string>>;
}

/** @throws Error saying what is not understood */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const words = [...argv];
  const flags: Record<string, string> = {};
  const given = { config: undefined as string | undefined, allowRoot: false, yes: false };
  const positional: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith('--')) {
      positional.push(word);
      continue;
    }
    const [name = '', ...rest] = word.slice(2).split('=');
    if (name === 'help') positional.unshift('help');
    else if (name === 'allow-root') given.allowRoot = true;
    else if (name === 'yes') given.yes = true;
    else {
      const value = rest.length > 0 ? rest.join('=') : words.shift();
      if (value === undefined) throw new Error(`--${name} needs a value`);
      if (name === 'config') given.config = value;
      else flags[name] = value;
    }
  }
  const [name = 'run', ...more] = positional;
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) throw new Error(`'${name}' is not a command`);
  const [state] = more;
  if (command === 'maintenance' && state !== 'on' && state !== 'off') throw new Error('maintenance is on or off');
  const excess = command === 'maintenance' ? more.slice(1) : command === 'help' ? [] : more;
  if (excess.length > 0) throw new Error(`'${excess[0]}' is not understood`);
  return { command, ...given, on: state === 'on', flags };
}
