import { compileTopicFilter, topicFilterProblem } from './topic-filter.ts';

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['a/+/c', 'a/b/c', true],
  ['a/+/c', 'a/b/d/c', false],
  ['+/+', 'a/b', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a/', true],
  // AWS IoT differs from MQTT here ("MQTT", differences)
  ['a/#', 'a', false],
  ['#', 'a/b', true],
  ['+/#', 'a/b/c', true],
  ['a/+/#', 'a/b/c/d', true],
  // [MQTT-4.7.2-1]
  ['#', '$aws/things/x', false],
  ['+/things/x', '$aws/things/x', false],
  ['$aws/things/+/shadow/#', '$aws/things/x/shadow/update', true],
  ['a.c/+', 'abc/d', false],
  ['a/+', 'a/new\nline', true],
])('filter %s, topic %j: %s', (filter, topic, expected) => {
  expect(topicFilterProblem(filter)).toBeUndefined();
  expect(compileTopicFilter(filter)(topic)).toBe(expected);
});

test.each(['', 'a/#/b', 'a#', 'a/b+', '$aws/rules/x', '1/2/3/4/5/6/7/8/9', 'x'.repeat(257)])(
  '%s is no filter',
  (filter) => {
    expect(topicFilterProblem(filter)).toBeDefined();
  },
);
