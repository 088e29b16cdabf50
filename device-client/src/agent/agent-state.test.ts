import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDirectory } from '../state-directory.ts';
import { AgentRecord } from './agent-record.ts';
import { AGENT_STATES, type AgentEvent, type AgentState, nextAgentState } from './agent-state.ts';

const run = (from: AgentState, ...events: AgentEvent[]): AgentState =>
  events.reduce((state, event) => {
    const verdict = nextAgentState(state, event);
    if (!verdict.allowed) throw new Error(verdict.reason);
    return verdict.state;
  }, from);

const EVENTS: readonly AgentEvent[] = [
  'identity-gained',
  'identity-lost',
  'connected',
  'update-begun',
  'update-ended',
  'maintenance-begun',
  'maintenance-ended',
  'decommissioned',
];

test('a device goes from the factory through its life to its end', () => {
  expect(run('unprovisioned', 'identity-gained')).toBe('provisioned');
  expect(run('unprovisioned', 'identity-gained', 'connected')).toBe('active');
  expect(run('active', 'update-begun')).toBe('updating');
  expect(run('updating', 'connected', 'update-ended')).toBe('active');
  expect(run('active', 'maintenance-begun', 'connected')).toBe('maintenance');
  expect(run('maintenance', 'maintenance-ended')).toBe('active');
});

test('nobody begins a maintenance during an update, nor an update during a maintenance', () => {
  expect(nextAgentState('updating', 'maintenance-begun')).toEqual({
    allowed: false,
    reason: 'maintenance-begun is not possible for a device that is updating',
  });
  expect(nextAgentState('maintenance', 'update-begun').allowed).toBe(false);
});

test('every state can end, and nothing comes after', () => {
  for (const state of AGENT_STATES) expect(run(state, 'decommissioned')).toBe('decommissioned');
  for (const event of EVENTS.filter((name) => name !== 'decommissioned')) {
    expect(nextAgentState('decommissioned', event).allowed).toBe(false);
  }
});

test('what happens twice is the same as once', () => {
  for (const state of AGENT_STATES) {
    for (const event of EVENTS) {
      const once = nextAgentState(state, event);
      if (!once.allowed) continue;
      // An update that has ended again, in a state in which none can begin, changes nothing either.
      const twice = nextAgentState(once.state, event);
      expect([state, event, twice]).toEqual([state, event, once]);
    }
  }
});

test('the state survives a restart, the time that was seen only grows, and damage is named', () => {
  const directory = new StateDirectory(mkdtempSync(join(tmpdir(), 'fleetwright-agent-')));
  const record = new AgentRecord(directory);
  expect(record.apply('maintenance-ended')).toMatch(/not possible/);
  expect(record.apply('identity-gained')).toBeUndefined();
  record.saw(2_000);
  record.saw(1_000);
  expect(new AgentRecord(directory)).toMatchObject({ state: 'provisioned', seenTime: 2_000 });
  writeFileSync(directory.file('agent.json'), '{"state":"lost"}');
  expect(() => new AgentRecord(directory)).toThrow(/agent\.json is damaged/);
});
