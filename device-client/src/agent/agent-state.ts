/** Where a device stands, as its agent knows. Persisted, so that it is the same after a restart. */
export const AGENT_STATES = [
  'unprovisioned',
  'provisioned',
  'active',
  'updating',
  'maintenance',
  'decommissioned',
] as const;

export type AgentState = (typeof AGENT_STATES)[number];

export type AgentEvent =
  /** The device has an identity of its own. */
  | 'identity-gained'
  /** Its files are gone: it has to provision again. */
  | 'identity-lost'
  /** The cloud has taken the identity. */
  | 'connected'
  | 'update-begun'
  | 'update-ended'
  /** Somebody works at the device: no update is begun. */
  | 'maintenance-begun'
  | 'maintenance-ended'
  /** Its life is over; keys and certificates go. */
  | 'decommissioned';

export type AgentVerdict =
  | { readonly allowed: true; readonly state: AgentState }
  | { readonly allowed: false; readonly reason: string };

const TRANSITIONS: Readonly<Record<AgentState, Partial<Record<AgentEvent, AgentState>>>> = {
  unprovisioned: {
    'identity-gained': 'provisioned',
    'identity-lost': 'unprovisioned',
    decommissioned: 'decommissioned',
  },
  provisioned: {
    'identity-gained': 'provisioned',
    'identity-lost': 'unprovisioned',
    connected: 'active',
    'maintenance-begun': 'maintenance',
    decommissioned: 'decommissioned',
  },
  active: {
    'identity-gained': 'active',
    'identity-lost': 'unprovisioned',
    connected: 'active',
    'update-begun': 'updating',
    'update-ended': 'active',
    'maintenance-begun': 'maintenance',
    'maintenance-ended': 'active',
    decommissioned: 'decommissioned',
  },
  updating: {
    'identity-gained': 'updating',
    'identity-lost': 'unprovisioned',
    connected: 'updating',
    'update-begun': 'updating',
    'update-ended': 'active',
    decommissioned: 'decommissioned',
  },
  maintenance: {
    'identity-gained': 'maintenance',
    'identity-lost': 'unprovisioned',
    connected: 'maintenance',
    'update-ended': 'maintenance',
    'maintenance-begun': 'maintenance',
    'maintenance-ended': 'active',
    decommissioned: 'decommissioned',
  },
  // For good. A repaired device starts with an empty state directory.
  decommissioned: { decommissioned: 'decommissioned' },
};

/** What an event makes of a state. */
export function nextAgentState(state: AgentState, event: AgentEvent): AgentVerdict {
  const next = TRANSITIONS[state][event];
  if (next !== undefined) return { allowed: true, state: next };
  return { allowed: false, reason: `${event} is not possible for a device that is ${state}` };
}
