import * as z from 'zod';
import { FollowedShadow } from './followed-shadow.ts';
import { TestHost } from './testing/test-host.ts';

function follow() {
  const host = new TestHost(z.object({}), {});
  const heard: [object, number | undefined][] = [];
  const shadow = new FollowedShadow(host, 'rules', (desired, version) => void heard.push([desired, version]));
  const { get, update } = host.shadows;
  const cut = (isDown: boolean): void => {
    host.shadows.get = isDown ? () => Promise.reject(new Error('offline')) : get;
    host.shadows.update = isDown ? () => Promise.reject(new Error('offline')) : update;
  };
  return { cut, heard, host, shadow };
}

test('the desired state is heard at the start, and each change once, with its version', async () => {
  const { heard, host, shadow } = follow();
  await host.shadows.desire('rules', { a: 1 });
  await shadow.start();
  await host.clock.advance(1);
  await host.shadows.desire('rules', { a: 2 });
  await host.clock.advance(1);
  await host.shadows.update('rules', { reported: { a: 2 } });
  await host.clock.advance(1_000_000);
  expect(heard).toEqual([
    [{ a: 1 }, 1],
    [{ a: 2 }, 2],
  ]);
  await shadow.stop();
  host.remove();
});

test('a shadow that is not there desires nothing', async () => {
  const { heard, host, shadow } = follow();
  await shadow.start();
  await host.clock.advance(1);
  expect(heard).toEqual([[{}, undefined]]);
  await shadow.stop();
  host.remove();
});

test('a shadow that cannot be reached is asked again, less and less often, and what is reported last gets there', async () => {
  const { cut, heard, host, shadow } = follow();
  await host.shadows.desire('rules', { a: 1 });
  cut(true);
  await shadow.start();
  shadow.report({ state: 'first' });
  shadow.report({ state: 'last' });
  await host.clock.advance(3_600_000);
  expect(heard).toEqual([]);
  expect(host.log.messages('info').length).toBeLessThan(25);
  cut(false);
  await host.clock.advance(300_000);
  expect(heard).toEqual([[{ a: 1 }, 1]]);
  expect(host.shadows.reported('rules')).toEqual({ state: 'last' });
  await shadow.stop();
  expect(host.clock.pending).toBe(0);
  host.remove();
});

test('a change that is heard counts, even when the document itself cannot be had', async () => {
  const { cut, heard, host, shadow } = follow();
  await shadow.start();
  await host.clock.advance(1);
  const desire = host.shadows.update.bind(host.shadows);
  cut(true);
  await desire('rules', { desired: { a: 1 } });
  await host.clock.advance(1);
  expect(heard).toEqual([
    [{}, undefined],
    [{ a: 1 }, undefined],
  ]);
  await shadow.stop();
  host.remove();
});
