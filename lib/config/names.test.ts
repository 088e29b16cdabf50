import { basicIngestTopic, CHANNELS, claimClientId, platformNames } from '@fleetwright/contracts';
import { projectSchema, stageNameSchema } from './platform-config.ts';

/** The longest that the configuration admits, with the longest serial number, site and type. */
const PROJECT = `${'p'.repeat(8)}-${'q'.repeat(8)}`;
const STAGE = 's'.repeat(12);
const names = platformNames(PROJECT, STAGE);
const SERIAL = 'S'.repeat(32);
const LEVEL = 'l'.repeat(32);

test('the longest project and stage are admitted', () => {
  expect(projectSchema.safeParse(PROJECT).success).toBe(true);
  expect(stageNameSchema.safeParse(STAGE).success).toBe(true);
});

test('the longest names stay within the limits of AWS', () => {
  // IoT API reference: templateName 36, thingName 128, ruleName 128 of letters, digits and underscores; MQTT client id 128.
  expect(names.provisioningTemplate.length).toBeLessThanOrEqual(36);
  expect(names.thingName(LEVEL, SERIAL).length).toBeLessThanOrEqual(128);
  expect(claimClientId(names.provisioningTemplate, SERIAL).length).toBeLessThanOrEqual(128);
  for (const channel of CHANNELS) expect(names.ruleName(channel)).toMatch(/^[a-zA-Z0-9_]{1,128}$/);
});

test('the longest topic stays within 256 bytes and 7 slashes, the Basic Ingest prefix not counted', () => {
  const thingName = names.thingName(LEVEL, SERIAL);
  const address = { topicRoot: names.topicRoot, site: LEVEL, deviceType: LEVEL, thingName };
  const topic = basicIngestTopic(address, 'telemetry', names.ruleName('telemetry')).split('/').slice(3).join('/');
  expect(Buffer.byteLength(topic)).toBeLessThanOrEqual(256);
  expect(topic.split('/').length - 1).toBeLessThanOrEqual(7);
});

test('two pairs of project and stage never share a name', () => {
  const pairs = [
    ['a', 'b'],
    ['a-b', 'c'],
    ['a', 'bc'],
    ['ab', 'c'],
  ] as const;
  const all = pairs.flatMap(([project, stage]) => {
    const own = platformNames(project, stage);
    return [own.topicRoot, own.ruleName('event'), own.thingName('x', 'Y')];
  });
  expect(new Set(all).size).toBe(all.length);
});
