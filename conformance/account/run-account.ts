import { BEHAVIOURS } from './behaviours/behaviours.ts';
import { accountOf, Scene } from './scene.ts';
import { openLocalTarget, openRemoteTarget, type Target } from './target.ts';

export interface BehaviourResult {
  readonly title: string;
  readonly source: string;
  readonly passed: boolean;
  readonly milliseconds: number;
  readonly reason?: string;
}

/** ms that one behaviour may take, its cleaning up included */
const TIME_LIMIT = 300_000;

/** Shows every behaviour on an account, one after the other. */
export async function runAccount(remote: boolean, say: (line: string) => void): Promise<BehaviourResult[]> {
  const target = remote ? await openRemoteTarget() : await openLocalTarget();
  try {
    say(`behaviours of an account, on ${target.name}`);
    const account = await accountOf(target);
    const results: BehaviourResult[] = [];
    for (const behaviour of BEHAVIOURS) {
      const started = Date.now();
      const reason = await attempt(target, account, behaviour.run);
      const milliseconds = Date.now() - started;
      const passed = reason === undefined;
      const { source, title } = behaviour;
      results.push({ title, source, passed, milliseconds, ...(reason !== undefined && { reason }) });
      say(`  ${passed ? '✓' : '✗'} ${title} (${milliseconds} ms)`);
      if (reason !== undefined) say(`      ${reason.replaceAll('\n', '\n      ')}`);
    }
    return results;
  } finally {
    await target.close();
  }
}

/** Answers why it failed. */
async function attempt(
  target: Target,
  account: { accountId: string; region: string },
  run: (scene: Scene) => Promise<void>,
): Promise<string | undefined> {
  const scene = new Scene(target, account);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${TIME_LIMIT} ms`)), TIME_LIMIT);
  });
  try {
    await Promise.race([run(scene), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    await scene.close();
  }
}
