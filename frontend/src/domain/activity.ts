/** Reading time: seconds in which the reader acted within the last `idle_ms`. The server's clock decides in the end. */
export class ActivityMeter {
  private lastAct: number;
  private countedTo: number;
  private unsent_ms = 0;

  constructor(
    now_ms: number,
    private readonly idle_ms = 30_000,
  ) {
    this.lastAct = now_ms;
    this.countedTo = now_ms;
  }

  act(now_ms: number): void {
    this.count(now_ms);
    this.lastAct = now_ms;
    this.countedTo = Math.max(this.countedTo, now_ms);
  }

  private count(now_ms: number): void {
    const end = Math.min(now_ms, this.lastAct + this.idle_ms);
    if (end > this.countedTo) this.unsent_ms += end - this.countedTo;
    this.countedTo = Math.max(this.countedTo, end);
  }

  /** Whole active seconds since the last call; the rest stays for the next one. */
  take(now_ms: number): number {
    this.count(now_ms);
    const seconds = Math.floor(this.unsent_ms / 1000);
    this.unsent_ms -= seconds * 1000;
    return seconds;
  }

  /** Gives seconds back that could not be delivered. */
  giveBack(seconds: number): void {
    this.unsent_ms += seconds * 1000;
  }

  pending_s(now_ms: number): number {
    this.count(now_ms);
    return this.unsent_ms / 1000;
  }
}
