const DAY_MS = 86_400_000;

/** Part of the day that has passed, by UTC. */
function dayPart(time: number): number {
  return (time % DAY_MS) / DAY_MS;
}

/** Air by the time of day: coldest before sunrise, and one day unlike the next by its seed. */
export function ambientAt(time: number, seed: number): { temperature: number; humidity: number } {
  const day = Math.floor(time / DAY_MS);
  const between = dayPart(time);
  const mean = weatherOf(day, seed) * (1 - between) + weatherOf(day + 1, seed) * between;
  const sun = Math.cos(2 * Math.PI * (between - 15 / 24));
  return { temperature: mean + 5 * sun, humidity: 65 - 15 * sun };
}

/** Mean temperature about a day, 10 to 18 °C. */
function weatherOf(day: number, seed: number): number {
  const mixed = Math.imul(day ^ Math.imul(seed | 0, 0x9e3779b1), 0x85ebca6b) >>> 0;
  return 10 + (mixed / 4_294_967_296) * 8;
}

/** m³/h that flow to the station: people rise at seven and come home at seven. */
export function inflowAt(time: number): number {
  const hour = dayPart(time) * 24;
  const peak = (at: number, width: number): number => Math.exp(-(((hour - at) / width) ** 2));
  return 120 + 45 * peak(7.5, 1.8) + 40 * peak(19.5, 2.4) - 25 * peak(3, 2.2);
}
