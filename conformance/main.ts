/** `npm run conformance [-- <name> …]`: the project's own checks, or against suites that others wrote. */
interface SubCommand {
  /** What stands after the name. */
  readonly usage: string;
  /** Returns the exit code. */
  load(): Promise<{ run(args: readonly string[]): Promise<number> }>;
}

const SUB_COMMANDS: Readonly<Record<string, SubCommand>> = {
  all: { usage: '[--json]', load: () => import('./compatibility/compatibility.ts') },
  ipc: { usage: '[--json]', load: () => import('./ipc/ipc.ts') },
  paho: { usage: '--suite DIR [--only NAME] [--json]', load: () => import('./paho/paho.ts') },
};

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const [name = 'all', ...rest] = words[0]?.startsWith('--') ? ['all', ...words] : words;
  const command = SUB_COMMANDS[name];
  if (command === undefined) {
    const lines = Object.entries(SUB_COMMANDS).map(
      ([known, { usage }]) => `  npm run conformance -- ${known} ${usage}`,
    );
    process.stderr.write(`usage:\n${lines.join('\n')}\n`);
    process.exit(2);
  }
  const { run } = await command.load();
  process.exit(await run(rest));
}

await main();
