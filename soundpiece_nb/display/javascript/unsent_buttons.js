// Buttons for what was never sent: one sends it, the other drops it for good. Dropping several asks
// for a second press, and Escape or leaving the button takes the first one back.

const ONE_GESTURE = 600; // milliseconds: a double click or a held key does not confirm itself
const ANSWERED_WITHIN = 5000;

class Unsent {
  constructor(view, send) {
    this.id = view.id;
    this.send = send;
    this.sending = element("button", { type: "button" });
    this.dropping = element("button", { type: "button" });
    this.state = element("span", { role: "status" });
    this.node = element(
      "div",
      { [OURS]: "unsent", class: "soundpiece-tools", ...TYPING },
      this.sending,
      this.dropping,
      this.state,
    );
    this.sending.addEventListener("click", () => this.ask("send"));
    this.dropping.addEventListener("click", () => this.drop());
    this.dropping.addEventListener("blur", () => this.disarm());
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.disarm();
      if (event.repeat) event.preventDefault();
    });
  }

  // Follows what is drawn, which may have changed by other means than these buttons.
  place(view) {
    const spot = view.querySelector(".soundpiece-unsent");
    if (!spot) return;
    spot.replaceChildren(this.node);
    this.show(Number(/\bsoundpiece-left-(\d+)/.exec(spot.className)[1]));
  }

  show(left) {
    if (left === this.left) return;
    this.left = left;
    this.armed = null;
    const many = left > 1 ? ` ${left}` : "";
    this.sending.textContent = `Send${many}`;
    this.dropping.textContent = `Discard${many}`;
    this.sending.hidden = this.dropping.hidden = left === 0;
  }

  drop() {
    const now = performance.now();
    if (this.left > 1 && this.armed === null) {
      this.armed = now;
      this.dropping.textContent = `Discard ${this.left} for good`;
      this.state.textContent = "Press it again to drop them; Escape keeps them.";
    } else if (this.left === 1 || now - this.armed > ONE_GESTURE) {
      this.ask("discard");
    }
  }

  disarm() {
    if (this.armed === null) return;
    this.armed = null;
    this.dropping.textContent = `Discard ${this.left}`;
    if (!this.waiting) this.state.textContent = "";
  }

  ask(word) {
    if (this.waiting) return;
    this.armed = null;
    this.state.textContent = "…";
    this.waiting = setTimeout(() => {
      this.waiting = null;
      this.state.textContent = "No answer yet: the kernel is busy, or gone.";
    }, ANSWERED_WITHIN);
    this.send({ do: word, view: this.id });
  }

  hear({ words }) {
    clearTimeout(this.waiting);
    this.waiting = null;
    this.state.textContent = words;
  }

  refuse(words) {
    this.hear({ words });
  }
}
