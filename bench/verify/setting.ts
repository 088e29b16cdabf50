import type { Dice } from './dice.ts';
import type { Faults } from './faults.ts';
import type { Say } from './part.ts';
import type { Subject } from './subject.ts';

/** What a part works with: a running platform, which it leaves running, and the draws that make it repeatable. */
export interface Setting {
  readonly subject: Subject;
  readonly dice: Dice;
  /** Faults of the cloud, over all parts so far. */
  readonly faults: Faults;
  readonly say: Say;
}
