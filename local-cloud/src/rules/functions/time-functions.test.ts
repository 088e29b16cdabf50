import { compileTimeFormat } from './format-time.ts';
import { compileTimeParser } from './parse-time.ts';
import { PatternError } from './time-pattern.ts';
import { findTimeZone, type TimeZone, UnsupportedTime } from './time-zone.ts';

const INSTANT = Date.UTC(2026, 6, 4, 15, 5, 9, 7);

function zone(id: string): TimeZone {
  return findTimeZone(id) as TimeZone;
}

// Joda-Time, DateTimeFormat: meaning of the letters
test.each([
  ['yyyy-MM-dd HH:mm:ss.SSS', 'UTC', '2026-07-04 15:05:09.007'],
  ["yyyy-MM-dd'T'HH:mm:ssZZ", 'UTC', '2026-07-04T15:05:09+00:00'],
  ['yy M d H m s S', 'UTC', '26 7 4 15 5 9 0'],
  ['EEEE, d MMMM yyyy', 'UTC', 'Saturday, 4 July 2026'],
  ['EEE MMM', 'UTC', 'Sat Jul'],
  ['hh:mm a', 'UTC', '03:05 PM'],
  ['K k', 'UTC', '3 15'],
  ['D e w x G C', 'UTC', '185 6 27 2026 AD 20'],
  ['HH:mm z', 'Europe/Berlin', '17:05 CEST'],
  ['HH:mm z', 'Europe/London', '16:05 BST'],
  ['HH:mm zzzz', 'America/New_York', '11:05 Eastern Daylight Time'],
  ['HH:mm Z', 'Asia/Kolkata', '20:35 +0530'],
  ['HH:mm ZZZ', 'Asia/Tokyo', '00:05 Asia/Tokyo'],
  ['HH:mm z', '+01:30', '16:35 +01:30'],
  ["h 'o''clock' ''", 'UTC', "3 o'clock '"],
  ['SSSSSS', 'UTC', '007000'],
])('%s in %s is %s', (pattern, id, expected) => {
  expect(compileTimeFormat(pattern)(INSTANT, zone(id))).toBe(expected);
});

test.each(['Nowhere/City', 'utc', 'america/belize', '+25:00', ''])('%s is no time zone', (id) => {
  expect(findTimeZone(id)).toBeUndefined();
});

test('a zone whose short name Java alone knows is refused, not guessed', () => {
  expect(() => compileTimeFormat('z')(INSTANT, zone('Asia/Kathmandu'))).toThrow(UnsupportedTime);
});

// JDK 11, DateTimeFormatter
test.each([
  ['2026-07-04 15:05:09', 'yyyy-MM-dd HH:mm:ss', Date.UTC(2026, 6, 4, 15, 5, 9)],
  ['20260704150509', 'yyyyMMddHHmmss', Date.UTC(2026, 6, 4, 15, 5, 9)],
  ['2026-07-04T15:05:09Z', "yyyy-MM-dd'T'HH:mm:ssX", Date.UTC(2026, 6, 4, 15, 5, 9)],
  ['2026-07-04T15:05:09+0200', "yyyy-MM-dd'T'HH:mm:ssZ", Date.UTC(2026, 6, 4, 13, 5, 9)],
  ['2026-07-04T15:05:09-02:30', "yyyy-MM-dd'T'HH:mm:ssXXX", Date.UTC(2026, 6, 4, 17, 35, 9)],
  ['4 Jul 26 3 PM', 'd MMM yy h a', Date.UTC(2026, 6, 4, 15)],
  ['Saturday 2026-07-04', 'EEEE yyyy-MM-dd', Date.UTC(2026, 6, 4)],
  ['2026-185', 'yyyy-DDD', Date.UTC(2026, 6, 4)],
  ['2026-07-04 15:05:09.123456', 'yyyy-MM-dd HH:mm:ss.SSSSSS', Date.UTC(2026, 6, 4, 15, 5, 9, 123)],
  // ResolverStyle.SMART
  ['2026-02-31', 'yyyy-MM-dd', Date.UTC(2026, 1, 28)],
  // a local time that a zone skips moves forward, one that it repeats is the earlier
  ['2026-03-29 02:30 Europe/Berlin', 'yyyy-MM-dd HH:mm VV', Date.UTC(2026, 2, 29, 1, 30)],
  ['2026-10-25 02:30 Europe/Berlin', 'yyyy-MM-dd HH:mm VV', Date.UTC(2026, 9, 25, 0, 30)],
  ['2026-07-04 15:05 PST', 'yyyy-MM-dd HH:mm z', Date.UTC(2026, 6, 4, 22, 5)],
  ['2026-07-04', 'yyyy/MM/dd', undefined],
  ['2026-13-04', 'yyyy-MM-dd', undefined],
  ['2026-07-04 trailing', 'yyyy-MM-dd', undefined],
  ['2026-7-04', 'yyyy-MM-dd', undefined],
  ['Sunday 2026-07-04', 'EEEE yyyy-MM-dd', undefined],
  ['15:05', 'HH:mm', undefined],
  ['2026-07', 'yyyy-MM', undefined],
])('%s by %s is %s', (text, pattern, expected) => {
  expect(compileTimeParser(pattern)(text)).toBe(expected);
});

test.each(['yyyy-qq', 'yyyyy', 'MMMMM', 'Hmm', "yyyy 'open", '[yyyy]', 'VVV', 'O'])(
  'the pattern %s is refused',
  (pattern) => {
    expect(() => compileTimeParser(pattern)).toThrow(PatternError);
  },
);
