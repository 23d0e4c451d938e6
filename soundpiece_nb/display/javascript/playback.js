// One take plays at a time; takes of a view play at equal loudness: the louder ones are turned down.

const QUIETEST = 0.05;

// The player that a person has started, though its sound may still be loading.
let begun = null;

function onPlay(event) {
  if (!event.target.closest?.(`.${TAKE}`)) return;
  begun = event.target;
  for (const other of document.querySelectorAll(`.${TAKE} audio`)) {
    if (other !== event.target) other.pause();
  }
}

function equalise(view, equal) {
  const takes = within([view], TAKE).filter((take) => loudnessOf(take) !== null);
  const quietest = Math.min(...takes.map(loudnessOf));
  for (const take of takes) {
    const gain = equal ? 10 ** ((quietest - loudnessOf(take)) / 20) : 1;
    take.querySelector("audio").volume = Math.max(QUIETEST, Math.min(1, gain));
  }
}

// An output that is drawn again gets new nodes. A player that plays, or is paused midway, replaces
// the new one of its take, so that the drawing is not heard.
class Preserver {
  constructor() {
    this.left = new Map();
    this.open = new Map();
  }

  keep(nodes) {
    for (const take of within(nodes, TAKE)) {
      const audio = take.querySelector("audio");
      const kept = { audio, control: take.querySelector(`[${OURS}=judgement]`) };
      kept.begun = audio !== null && (audio === begun || !audio.paused);
      this.left.set(takeOf(take).id, kept);
    }
    for (const view of within(nodes, VIEW)) {
      const open = [...view.querySelectorAll("details[open] > summary")];
      this.open.set(viewOf(view), new Set(open.map((summary) => summary.textContent)));
    }
    setTimeout(() => {
      this.left.clear();
      this.open.clear();
    }, 1000);
  }

  unfold(view) {
    const open = this.open.get(viewOf(view));
    if (!open) return;
    for (const summary of view.querySelectorAll("details > summary")) {
      if (open.has(summary.textContent)) summary.parentNode.open = true;
    }
  }

  restore(take) {
    const kept = this.left.get(takeOf(take).id);
    if (!kept) return null;
    const audio = take.querySelector("audio");
    const inUse = kept.begun || kept.audio?.currentTime > 0;
    if (inUse && audio && !kept.audio.isConnected && !kept.audio.error) {
      audio.replaceWith(kept.audio);
      if (kept.begun && kept.audio.paused) kept.audio.play().catch(() => {});
    }
    return kept.control?.isConnected ? null : kept.control;
  }
}

function followPlayback(signal) {
  const options = { capture: true, signal };
  document.addEventListener("play", onPlay, options);
  document.addEventListener(
    "pause",
    (event) => {
      if (event.target.isConnected && event.target === begun) begun = null;
    },
    options,
  );
}
