import { SubscriptionTree } from './subscription-tree.ts';

test('values come and go with their filters, and the generation tells of it', () => {
  const tree = new SubscriptionTree<string>();
  tree.add('a/+/c', 'any');
  tree.add('a/b/c', 'exact');
  tree.add('a/#', 'rest');
  tree.add('a/b/c', 'another');
  expect(tree.match('a/b/c').sort()).toEqual(['another', 'any', 'exact', 'rest']);
  const { generation } = tree;
  tree.remove('a/b/c', 'exact');
  tree.remove('a/#', 'rest');
  expect(tree.generation).toBe(generation + 2);
  expect(tree.match('a/b/c').sort()).toEqual(['another', 'any']);
  tree.remove('a/b/c', 'exact');
  tree.remove('never/there', 'exact');
  expect(tree.generation).toBe(generation + 2);
});

test('removing every filter leaves no nodes behind', () => {
  const tree = new SubscriptionTree<number>();
  const filters = ['a', 'a/b', '+/b/#', '#', 'a/+/+', '/'];
  for (const [value, filter] of filters.entries()) tree.add(filter, value);
  for (const [value, filter] of filters.entries()) tree.remove(filter, value);
  for (const topic of ['a', 'a/b', 'a/b/c', '/', 'x']) expect(tree.match(topic)).toEqual([]);
});

test('one value may stand under many filters', () => {
  const tree = new SubscriptionTree<string>();
  tree.add('a/+', 'x');
  tree.add('+/b', 'x');
  expect(tree.match('a/b')).toEqual(['x', 'x']);
});
