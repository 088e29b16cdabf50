/** Where a device stands between factory and scrap: the thing attribute `state`. */
export const LIFECYCLE_STATES = ['provisioning', 'active', 'maintenance', 'decommissioned'] as const;

export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

/** Name of the attribute. */
export const LIFECYCLE_ATTRIBUTE = 'state';

/**
 * From each state, those it may become. A decommissioned device never comes back: its certificate is revoked for good,
 * and a repaired one registers anew, under a new serial number or after its thing was deleted.
 */
export const LIFECYCLE_TRANSITIONS: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  provisioning: ['active', 'decommissioned'],
  active: ['maintenance', 'decommissioned'],
  maintenance: ['active', 'decommissioned'],
  decommissioned: [],
};

export type TransitionVerdict =
  | { readonly allowed: true; readonly changes: boolean }
  | { readonly allowed: false; readonly reason: string };

/** Whether a device may go from one state to another. `from` is what its attribute holds, or nothing. */
export function judgeTransition(from: string | undefined, to: LifecycleState): TransitionVerdict {
  if (from === to) return { allowed: true, changes: false };
  const known = LIFECYCLE_STATES.find((state) => state === from);
  // A thing that this platform did not make, or made before there were states, may take on any.
  if (known === undefined) return { allowed: true, changes: true };
  const next = LIFECYCLE_TRANSITIONS[known];
  if (next.includes(to)) return { allowed: true, changes: true };
  const possible = next.length === 0 ? 'nothing else' : next.join(' or ');
  return { allowed: false, reason: `a device in state ${known} can become ${possible}, not ${to}` };
}
