import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestLog } from '../../../shared/src/testing/test-log.ts';
import { DecisionLog } from './decision-log.ts';
import type { LoggedDecision } from './logged-decision.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-decisions-'));
  directories.push(directory);
  return directory;
}

function openIn(directory: string, maxBytes = 1_000_000, log = new TestLog()): DecisionLog {
  return DecisionLog.open({ directory, maxBytes: () => maxBytes, olderFiles: () => 2, log });
}

const decision = (number: number, rule: string, state: 'begun' | 'ended'): LoggedDecision => ({
  number,
  uploadId: String(number).padStart(32, '0'),
  time: 1_000 + number,
  rule,
  state,
  severity: 'warning',
  inputs: { a: number },
  writes: [{ source: 's', point: 'p', value: number, rule, priority: 0, expiresAt: 9_000, retryEvery: 500 }],
  forbidden: [],
});

test('cut off at any byte, it says what its whole lines say', () => {
  const directory = newDirectory();
  const log = openIn(directory);
  for (let index = 0; index < 6; index++) {
    const number = log.nextNumber();
    log.decide([decision(number, `rule-${index % 2}`, index % 4 < 2 ? 'begun' : 'ended')]);
    if (index !== 3) log.latency(number, 10 * number);
    if (index < 3) log.outcome(number, 's/p', 'written', 2_000);
    if (index < 2 || index === 4) log.uploaded(number);
  }
  log.close();
  const bytes = readFileSync(join(directory, 'decisions.log'));
  const starts = bytes.indexOf('\n') + 1;
  for (let length = starts; length <= bytes.length; length += 3) {
    const whole = bytes.subarray(0, length).toString().split('\n');
    // What is cut off may be a whole line but for its end.
    const lines = whole.flatMap((text) => {
      try {
        return [JSON.parse(text)];
      } catch {
        return [];
      }
    });
    const place = newDirectory();
    writeFileSync(join(place, 'decisions.log'), bytes.subarray(0, length));
    const again = openIn(place);
    const decisions = lines.filter(({ kind }) => kind === 'decision').map((line) => line.decision as LoggedDecision);
    const last = new Map(decisions.map(({ rule, state }) => [rule, state]));
    expect(new Map([...again.kept].map(([rule, { state }]) => [rule, state]))).toEqual(last);
    const has = (kind: string, number: number): boolean =>
      lines.some((line) => line.kind === kind && line.number === number);
    const open = decisions.filter(({ number }) => !has('uploaded', number) || !has('write', number));
    expect([...again.open.keys()]).toEqual(open.map(({ number }) => number));
    expect(again.nextNumber()).toBe((decisions.at(-1)?.number ?? 0) + 1);
    // It goes on behind what was cut off.
    again.decide([decision(99, 'later', 'begun')]);
    again.close();
    const third = openIn(place);
    expect(third.kept.get('later')?.state).toBe('begun');
    expect(third.kept.size).toBe(last.size + 1);
    third.close();
  }
});

test('a file that is full becomes history, and what is not finished goes on in the next', () => {
  const directory = newDirectory();
  const log = openIn(directory, 2_000);
  for (let index = 0; index < 60; index++) {
    const number = log.nextNumber();
    log.decide([decision(number, 'rule', index % 2 === 0 ? 'begun' : 'ended')]);
    if (number === 7) continue;
    log.outcome(number, 's/p', 'written', 1);
    log.uploaded(number);
  }
  log.close();
  expect(readdirSync(directory).sort()).toEqual(['decisions.1.log', 'decisions.2.log', 'decisions.log']);
  const again = openIn(directory);
  expect([...again.open.keys()]).toEqual([7]);
  expect(again.kept.get('rule')?.state).toBe('ended');
  expect(again.nextNumber()).toBe(61);
  again.close();
});

test('a kill between the steps of beginning a file loses nothing', () => {
  const directory = newDirectory();
  const log = openIn(directory);
  log.decide([decision(log.nextNumber(), 'rule', 'begun')]);
  log.close();
  const text = readFileSync(join(directory, 'decisions.log'));
  rmSync(join(directory, 'decisions.log'));
  writeFileSync(join(directory, 'decisions.1.log'), text);
  // The next file is not whole, or not there.
  writeFileSync(join(directory, 'decisions.log.new'), '{"kind":"sta');
  const again = openIn(directory);
  expect(again.kept.get('rule')?.state).toBe('begun');
  again.close();
});

test('a disk that refuses is told and counted, and keeps nobody from deciding', () => {
  const directory = newDirectory();
  const written = new TestLog();
  const log = openIn(directory, 1_000_000, written);
  log.close();
  log.decide([decision(log.nextNumber(), 'rule', 'begun')]);
  expect(log.failures).toBe(1);
  expect(log.kept.get('rule')?.state).toBe('begun');
  expect(written.messages('error')).toEqual(['the log of decisions cannot be written']);
});
