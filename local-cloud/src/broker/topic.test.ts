import { AWS_LIMITS } from './limits.ts';
import { basicIngestRule, isTopicFilter, parseSharedFilter, topicKind, withinTopicLimits } from './topic.ts';

test('kinds of topics', () => {
  expect(topicKind('a/$b')).toBe('ordinary');
  expect(topicKind('$aws/rules/r/x')).toBe('basic-ingest');
  expect(topicKind('$aws/things/t/shadow/get')).toBe('reserved');
  expect(topicKind('$aws/rules')).toBe('reserved');
});

test('Basic Ingest names its rule', () => {
  expect(basicIngestRule('$aws/rules/r/x/y')).toBe('r');
  expect(basicIngestRule('$aws/rules/r')).toBe('r');
  expect(basicIngestRule('$aws/rules//x')).toBeUndefined();
  expect(basicIngestRule('$aws/rules/')).toBeUndefined();
});

test('topic limits count bytes of UTF-8', () => {
  expect(withinTopicLimits('é'.repeat(128), AWS_LIMITS)).toBe(true);
  expect(withinTopicLimits('é'.repeat(129), AWS_LIMITS)).toBe(false);
});

test.each([
  ['a/b', true],
  ['+', true],
  ['a/+/#', true],
  ['/', true],
  ['', false],
  ['a/#/b', false],
  ['a+', false],
  ['#a', false],
])('%p as a filter: %p', (filter, valid) => {
  expect(isTopicFilter(filter)).toBe(valid);
});

test.each([
  ['$share/g/a/b', { shareName: 'g', filter: 'a/b' }],
  ['$share/g/+/#', { shareName: 'g', filter: '+/#' }],
  ['$share/g//', { shareName: 'g', filter: '/' }],
  [`$share/${'n'.repeat(128)}/t`, { shareName: 'n'.repeat(128), filter: 't' }],
  [`$share/${'n'.repeat(129)}/t`, 'malformed'],
  ['$share/g', 'malformed'],
  ['$share/g/', 'malformed'],
  ['$share/g+/t', 'malformed'],
  ['$shared/g/t', undefined],
  ['a/$share/g', undefined],
])('%.40s as a shared filter', (filter, parsed) => {
  expect(parseSharedFilter(filter)).toEqual(parsed);
});
