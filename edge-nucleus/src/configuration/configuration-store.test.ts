import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationStore, StaleUpdate } from './configuration-store.ts';

/** Source: developer guide, "Interact with component configuration" and "Update component configurations". */

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-configuration-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a configuration is there again after a restart, with the times of its changes', () => {
  const store = new ConfigurationStore(directory);
  store.set('a', { mqtt: { port: 443, tls: true }, list: [1, 2] }, 100);
  store.merge('a', ['mqtt'], { port: 8883 }, 200);
  const again = new ConfigurationStore(directory);
  expect(again.get('a')).toEqual({ mqtt: { port: 8883, tls: true }, list: [1, 2] });
  expect(() => again.merge('a', ['mqtt'], { port: 1 }, 199)).toThrow(StaleUpdate);
  expect(again.get('a')).toEqual({ mqtt: { port: 8883, tls: true }, list: [1, 2] });
  again.merge('a', ['mqtt'], { tls: false }, 150);
  expect(again.get('a')).toEqual({ mqtt: { port: 8883, tls: false }, list: [1, 2] });
});

test('objects are made on the way, and nothing else than an object can be merged into', () => {
  const store = new ConfigurationStore(directory);
  store.set('a', { port: 1 }, 0);
  store.merge('a', ['new', 'place'], { x: null }, 1);
  expect(store.get('a')).toEqual({ port: 1, new: { place: { x: null } } });
  expect(() => store.merge('a', ['port'], { x: 1 }, 2)).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
  );
  expect(() => store.merge('b', [], { x: 1 }, 2)).toThrow(expect.objectContaining({ code: 'COMPONENT_UNKNOWN' }));
});

test('who listens to a place hears of what changes at it and below, by the path of the leaf', () => {
  const store = new ConfigurationStore(directory);
  store.set('a', { mqtt: { port: 1, tls: { ca: 'x', key: 'y' } }, other: 1 }, 0);
  const heard: string[] = [];
  const stop = store.onChange('a', ['mqtt', 'tls'], (path) => heard.push(path.join('.')));
  store.onChange('a', [], (path) => heard.push(`all ${path.join('.')}`));
  store.merge('a', [], { other: 2, mqtt: { port: 1, tls: { ca: 'z' } } }, 1);
  expect(heard.splice(0).sort()).toEqual(['all mqtt.tls.ca', 'all other', 'mqtt.tls.ca']);
  store.merge('a', [], { other: 2 }, 2);
  expect(heard).toEqual([]);
  store.set('a', { other: 2 }, 3);
  expect(heard.splice(0).sort()).toEqual(['all mqtt', 'mqtt']);
  stop();
  store.set('a', { mqtt: { tls: {} } }, 4);
  expect(heard.sort()).toEqual(['all mqtt.tls', 'all other']);
});

test('a file that is no configuration is said to be so', () => {
  writeFileSync(join(directory, 'a.json'), '{"configuration":');
  expect(() => new ConfigurationStore(directory).get('a')).toThrow(expect.objectContaining({ code: 'STATE_UNUSABLE' }));
});
