import { createInterface } from 'node:readline/promises';
import { Failure } from '../failure.ts';

/**
 * Asks for a word before something that cannot be undone.
 * @throws Failure when another word comes, or nobody is there to ask
 */
export async function confirm(question: string, word: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (process.stdin.isTTY !== true) throw new Failure('nobody is there to ask: pass --yes to go on without a question');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question}\nType ${word} to go on: `);
    if (answer.trim() !== word) throw new Failure('nothing was changed');
  } finally {
    reader.close();
  }
}
