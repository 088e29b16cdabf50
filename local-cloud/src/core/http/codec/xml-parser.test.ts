import { parseXml } from './xml-parser.ts';

test('elements, attributes, text, CDATA, comments and references', () => {
  const root = parseXml(
    '\uFEFF<?xml version="1.0"?><!-- c --><r xmlns="u"><ns:a xsi:type=\'T\' b="&quot;x&quot;">1 &lt; 2 &#x1F600;&#65;<![CDATA[<raw>&]]></ns:a><b/></r >\n',
  );
  expect(root.name).toBe('r');
  expect(root.children.map((child) => child.name)).toEqual(['a', 'b']);
  expect(root.children[0]?.text).toBe('1 < 2 😀A<raw>&');
  expect([...(root.children[0]?.attributes ?? [])]).toEqual([
    ['type', 'T'],
    ['b', '"x"'],
  ]);
});

test.each([
  ['a document type, and with it entities that grow', '<!DOCTYPE r [<!ENTITY a "aaaa">]><r>&a;</r>'],
  ['an entity that is not built in', '<r>&nbsp;</r>'],
  ['an ampersand alone', '<r>a & b</r>'],
  ['a reference beyond Unicode', '<r>&#x110000;</r>'],
  ['tags that do not pair', '<a><b></a></b>'],
  ['an element that never ends', '<a><b>'],
  ['two roots', '<a/><b/>'],
  ['text outside the root', '<a/>x'],
  ['nothing', ''],
  ['attributes without gap', '<a b="1"c="2"/>'],
  ['an attribute without quotes', '<a b=1/>'],
  ['elements nested too deeply', '<a>'.repeat(100) + '</a>'.repeat(100)],
])('refuses %s', (_title, source) => {
  expect(() => parseXml(source)).toThrow(/not well-formed/);
});
