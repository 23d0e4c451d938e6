// The page's companion: finds the takes and views of a page, asks the kernel about them, and adds their
// controls. When the kernel ends, all of them are removed.

const STYLE = `
.soundpiece-stars label { cursor: pointer; padding: 0 1px; font-size: 15px; line-height: 24px; }
.soundpiece-stars input { position: absolute; opacity: 0; width: 1px; height: 1px; margin: 0; }
.soundpiece-stars input:focus-visible + span, .soundpiece-tools :focus-visible {
  outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 1px; border-radius: 2px; }
.soundpiece-note { font: inherit; font-size: 12px; color: inherit; background: transparent;
  border: 1px solid transparent; border-bottom-color: rgba(128,128,128,.4); margin-left: 8px;
  width: 150px; min-height: 24px; box-sizing: border-box; padding: 1px 4px; }
.soundpiece-note::placeholder { color: inherit; opacity: .7; }
.soundpiece-note:focus { outline: none; border-color: var(--jp-brand-color1, #1976d2); }
.soundpiece-state { padding-left: 6px; opacity: .75; }
.soundpiece-tools { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; }
.soundpiece-tools:empty, .soundpiece-tools [hidden] { display: none; }
.soundpiece-tools select, .soundpiece-tools button, .soundpiece-form select,
.soundpiece-form button, .soundpiece-form input, .soundpiece-form textarea {
  font: inherit; color: inherit; min-height: 26px; box-sizing: border-box;
  background: var(--jp-layout-color1, Canvas); border: 1px solid rgba(128,128,128,.55);
  border-radius: 3px; padding: 2px 8px; }
[data-soundpiece=sort] { font: inherit; font-weight: bold; color: inherit; background: none;
  border: 0; padding: 0; cursor: pointer; min-height: 24px; }
.soundpiece-hint { margin: 2px 0; opacity: .75; font-size: 12px; }
.soundpiece-line { margin: 8px 0; display: flex; flex-direction: column; gap: 3px; }
.soundpiece-line label { font-weight: 600; }
.soundpiece-line > select, .soundpiece-line > input:not([type=checkbox]), .soundpiece-form textarea {
  width: 100%; }
.soundpiece-form textarea { resize: vertical; font-family: inherit; }
.soundpiece-form textarea[readonly] { font-family: var(--jp-code-font-family, monospace); }
.soundpiece-flag { flex-direction: row-reverse; justify-content: flex-end; align-items: center; }
.soundpiece-form input[type=checkbox] { min-height: 0; margin: 0 4px 0 0; }
.soundpiece-sections, .soundpiece-buttons { display: flex; flex-wrap: wrap; gap: 4px 6px; }
.soundpiece-counter { align-self: flex-end; }
.soundpiece-form :focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2);
  outline-offset: 1px; }
[data-soundpiece=unsent] { margin: 6px 0; }
.soundpiece-tools button:disabled { opacity: .45; }
.soundpiece-form [type=submit] { background: var(--jp-brand-color0, #0d47a1); color: #fff;
  border-color: transparent; padding: 2px 16px; }
`;

function tick() {
  for (const node of document.querySelectorAll(".soundpiece-elapsed")) {
    const since = /soundpiece-since-(\d+)/.exec(node.className);
    const seconds = Math.max(0, Math.floor((Date.now() - Number(since[1])) / 1000));
    node.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

class Companion {
  constructor(model) {
    this.send = (message) => model.send(message);
    this.preserver = new Preserver();
    this.server = new Server();
    this.controls = new Set();
    this.asked = false;
    this.gone = new AbortController();
    this.style = element("style", {}, STYLE);
    document.head.append(this.style);
    followPlayback(this.gone.signal);
    const options = { signal: this.gone.signal };
    window.addEventListener("keydown", letSave, { ...options, capture: true });
    document.addEventListener("focusin", (event) => (this.focused = event.target), options);
    this.clock = setInterval(tick, 1000);
    this.observer = new MutationObserver((changes) => this.onChanges(changes));
    this.observer.observe(document.body, { childList: true, subtree: true });
    this.hear = (message) => this.onMessage(message);
    model.on("msg:custom", this.hear);
    this.server.lend(within([document.body], TAKE));
    this.look();
  }

  leave() {
    this.gone.abort();
    clearInterval(this.clock);
    this.observer.disconnect();
    for (const control of this.controls) control.node.remove();
    for (const slot of document.querySelectorAll(`[${OURS}-was]`)) {
      slot.textContent = slot.getAttribute(`${OURS}-was`);
    }
    for (const head of document.querySelectorAll("[class*=soundpiece-sorts-][data-name]")) {
      head.textContent = head.dataset.name;
    }
    this.style.remove();
  }

  onChanges(changes) {
    this.preserver.keep(changes.flatMap((change) => [...change.removedNodes]));
    const arrived = changes.flatMap((change) => [...change.addedNodes]);
    if (!within(arrived, TAKE).length && !within(arrived, VIEW).length) return;
    for (const take of within(arrived, TAKE)) {
      const control = this.preserver.restore(take);
      if (control) this.place(take, control);
    }
    this.server.lend(within(arrived, TAKE));
    for (const view of within(arrived, VIEW)) {
      this.preserver.unfold(view);
      for (const control of this.controls) {
        if (control.id === viewOf(view)) this.placeControl(view, control);
      }
    }
    if (this.focused?.isConnected && this.focused.closest(`[${OURS}]`)) this.focused.focus();
    this.look();
  }

  // Sends one question about all nodes that were added within 60 ms.
  look() {
    if (this.asked) return;
    this.asked = true;
    setTimeout(() => {
      this.asked = false;
      const takes = within([document.body], TAKE)
        .filter((take) => take.querySelector(".soundpiece-judgement:not(:has([data-soundpiece]))"))
        .map(takeOf);
      const views = within([document.body], VIEW)
        .filter((view) => view.querySelector(".soundpiece-slot:empty, .soundpiece-unsent:empty"))
        .map(viewOf);
      if (takes.length || views.length) this.send({ do: "look", takes, views });
    }, 60);
  }

  onMessage(message) {
    if (message.say === "seen") {
      for (const judged of message.judged) this.seeTake(judged);
      for (const view of message.views) this.seeView(view);
    } else if (message.say === "told") {
      this.controlOf(Unsent, message.view)?.hear(message);
    } else if (message.say === "refused") {
      this.refuse(message);
    } else {
      this.controlOf(Form, message.form)?.hear(message);
    }
  }

  seeTake(judged) {
    const name = `soundpiece-at-${judged.key}-${judged.take}`;
    for (const take of document.querySelectorAll(`.${TAKE}.${CSS.escape(name)}`)) {
      const slot = take.querySelector(".soundpiece-judgement");
      let control = slot.querySelector(`[${OURS}=judgement]`)?.judgement;
      if (!control) {
        const title = take.querySelector("audio")?.title || `take ${judged.take}`;
        control = new Judgement(takeOf(take), title, this.send);
        this.place(take, control.node);
      }
      control.show(judged);
    }
  }

  place(take, node) {
    const slot = take.querySelector(".soundpiece-judgement");
    slot.setAttribute(`${OURS}-was`, slot.textContent);
    slot.replaceChildren(node);
    this.controls.add(node.judgement);
  }

  seeView(view) {
    for (const node of document.querySelectorAll(`.${VIEW}.${CSS.escape(`soundpiece-is-${view.id}`)}`)) {
      const kind = view.form ? Form : Tools;
      const control = this.controlOf(kind, view.id) || new kind(view, this.send);
      control.show?.(view);
      this.placeControl(node, control);
      if (!node.querySelector(".soundpiece-unsent")) continue;
      this.placeControl(node, this.controlOf(Unsent, view.id) || new Unsent(view, this.send));
    }
  }

  controlOf(kind, id) {
    return [...this.controls].find((control) => control instanceof kind && control.id === id);
  }

  placeControl(view, control) {
    if (control instanceof Unsent) {
      control.place(view);
    } else if (!control.node.isConnected) {
      view.querySelector(".soundpiece-slot")?.replaceChildren(control.node);
    }
    this.controls.add(control);
    if (control instanceof Tools) {
      equalise(view, control.equal);
      control.placeHeads(view);
    }
  }

  refuse({ words, about }) {
    for (const control of this.controls) {
      if (about.do === "judge" && control.take?.id === `${about.key}-${about.take}`) {
        control.refuse(words);
      } else if (about.form && control.id === about.form) control.refuse(words);
      else if (control instanceof Unsent && control.id === about.view) control.refuse(words);
    }
  }
}

export default {
  initialize({ model }) {
    const companion = new Companion(model);
    model.on("comm_live_update", () => companion.leave()); // its kernel has restarted or died
    return () => companion.leave();
  },
};
