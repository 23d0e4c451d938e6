// Stars and a note for a take, by mouse or keyboard: arrows or 1 to 5. Pressing the star that is set,
// or 0, takes the stars away.

const STARS = [1, 2, 3, 4, 5];
const PATIENCE = 5000; // milliseconds
let groups = 0;

class Judgement {
  constructor(take, title, send) {
    this.take = take;
    this.send = send;
    this.awaited = 0;
    const name = `soundpiece-stars-${(groups += 1)}`;
    this.radios = STARS.map((stars) =>
      element("input", {
        type: "radio",
        name,
        value: String(stars),
        "aria-label": stars === 1 ? "1 star" : `${stars} stars`,
      }),
    );
    const labels = this.radios.map((radio) =>
      element("label", {}, radio, element("span", { "aria-hidden": "true" }, "☆")),
    );
    const stars = element(
      "span",
      { role: "radiogroup", class: "soundpiece-stars", "aria-label": `Stars for ${title}` },
      ...labels,
    );
    this.note = element("input", {
      type: "text",
      class: "soundpiece-note",
      placeholder: "note",
      "aria-label": `Note on ${title}`,
    });
    this.state = element("span", { role: "status", class: "soundpiece-state" });
    this.node = element("span", { [OURS]: "judgement", ...TYPING }, stars, this.note, this.state);
    this.node.judgement = this;
    stars.addEventListener("change", (event) => this.rate(Number(event.target.value)));
    stars.addEventListener("click", (event) => this.onClick(event));
    stars.addEventListener("keydown", (event) => this.onKey(event));
    this.note.addEventListener("change", () => this.say({ note: this.note.value }));
    this.note.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.note.blur();
    });
  }

  // A radio button cannot be unset by itself; the browser sets it again until its event is over.
  onClick(event) {
    if (Number(event.target.value) !== this.rating) return;
    event.preventDefault();
    setTimeout(() => this.rate(0));
  }

  onKey(event) {
    if (/^[0-5]$/.test(event.key)) this.rate(Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") this.rate(0);
    else if (event.key === "ArrowRight" || event.key === "ArrowUp") this.rate(this.stepped(1));
    else if (event.key === "ArrowLeft" || event.key === "ArrowDown") this.rate(this.stepped(-1));
    else return;
    event.preventDefault();
  }

  stepped(by) {
    return Math.min(Math.max(this.rating + by, STARS[0]), STARS.length);
  }

  rate(rating) {
    this.draw(rating);
    if (rating) this.radios[rating - 1].focus();
    this.say({ rating });
  }

  say(judged) {
    this.state.textContent = "…";
    this.awaited += 1;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (this.awaited) this.state.textContent = "not kept yet: the kernel is busy, or gone";
    }, PATIENCE);
    this.send({ do: "judge", key: this.take.key, take: this.take.take, ...judged });
  }

  draw(rating) {
    this.rating = rating || 0;
    for (const radio of this.radios) {
      radio.checked = Number(radio.value) === this.rating;
      radio.nextSibling.textContent = Number(radio.value) <= this.rating ? "★" : "☆";
    }
  }

  // Ignores an answer while later ones are awaited: it must not undo what was pressed since.
  show({ rating, note }) {
    this.awaited = Math.max(0, this.awaited - 1);
    if (this.awaited) return;
    this.draw(rating);
    if (document.activeElement !== this.note) this.note.value = note || "";
    this.state.textContent = "";
  }

  refuse(words) {
    this.awaited = 0;
    this.state.textContent = words;
  }
}
