import { createProgress } from '../cli/output/progress.ts';
import { brokenInvariants, PARTS, type PartName, type PartResult } from './verify/part.ts';
import { record } from './verify/record.ts';
import { runParts, type Size } from './verify/run-parts.ts';

/**
 * `npm run verify [-- --only fuzz|kill|load|queue] [--seed N] [--sample] [--json]`: the long runs, all on loopback, bounded in
 * time and count. Progress goes to standard error; with `--json` the last line of standard output is one JSON object.
 * A full run is recorded in docs/verification.md. Exit code 1 when an invariant is broken, 2 for a wrong option.
 */
interface Options {
  readonly parts: readonly PartName[];
  readonly seed: number;
  readonly size: Size;
  readonly json: boolean;
}

const DEFAULT_SEED = 20_251_120;
const USAGE = `usage: npm run verify [-- --only ${PARTS.join('|')}] [--seed N] [--sample] [--json]\n`;

function readOptions(words: readonly string[]): Options | undefined {
  let parts: readonly PartName[] = PARTS;
  let seed = DEFAULT_SEED;
  let size: Size = 'full';
  let json = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '--json') json = true;
    else if (word === '--sample') size = 'sample';
    else if (word === '--only') {
      const part = PARTS.find((name) => name === words[at + 1]);
      if (part === undefined) return undefined;
      parts = [part];
      at++;
    } else if (word === '--seed') {
      seed = Number(words[++at]);
      if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) return undefined;
    } else return undefined;
  }
  return { parts, seed, size, json };
}

async function main(): Promise<void> {
  // The platform's own minimum is Node 20; the SDK's notice about coming versions is for those who raise it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(USAGE);
    process.exit(2);
  }
  const progress = createProgress(process.stderr, false);
  const results: PartResult[] = [];
  for (const part of options.parts) {
    progress.step(`${part}, seed ${options.seed}`);
    const [result] = await runParts([part], options.size, options.seed, (text) => progress.live(text));
    if (result === undefined) continue;
    results.push(result);
    for (const sentence of result.tried) progress.note(`tried: ${sentence}`);
    for (const { claim, found, held } of result.invariants) {
      if (held) progress.done(`${claim}: ${found}`);
      else progress.note(`BROKEN: ${claim}: ${found}`);
    }
    for (const [name, value] of Object.entries(result.figures))
      progress.note(`${name}: ${value.toLocaleString('en-US')}`);
    progress.step(`${part} took ${result.seconds} s`);
  }
  if (options.size === 'full') progress.step(`recorded in ${record(results, new Date())}`);
  const broken = brokenInvariants(results);
  if (options.json) process.stdout.write(`${JSON.stringify({ verify: results, broken })}\n`);
  process.exit(broken.length === 0 ? 0 : 1);
}

await main();
