import type { CloudCommand, CloudReport } from '../../local-cloud/src/main.ts';
import { bundledCloud } from './bundle-cloud.ts';
import { SteeredProcess } from './child-process.ts';

export type CloudProcess = SteeredProcess<CloudCommand, CloudReport>;

/**
 * Messages on their way survive a few collections of a young generation of the default size, and are copied each time;
 * in a larger one most of them die first.
 */
const FLAGS = ['--max-semi-space-size=32'];

/** The local cloud in a process of its own, so that devices and display never share its event loop. */
export async function forkCloud(): Promise<CloudProcess> {
  return new SteeredProcess('the local cloud', await bundledCloud(), FLAGS);
}
