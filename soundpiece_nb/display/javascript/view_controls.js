// Controls that arrange a view of several takes: its order, its pages, equal loudness.

class Tools {
  constructor(view, send) {
    this.id = view.id;
    this.equal = view.matched;
    this.node = element("div", { [OURS]: "tools", class: "soundpiece-tools", ...TYPING });
    const arrange = (change) => send({ do: "arrange", view: view.id, ...this.arranged, ...change });
    if (Object.keys(view.orders).length) {
      this.order = element(
        "select",
        {},
        ...Object.entries(view.orders).map(([order, words]) =>
          element("option", { value: order }, words),
        ),
      );
      this.order.addEventListener("change", () => arrange({ order: this.order.value, page: 1 }));
      this.node.append(element("label", {}, "Sort by ", this.order));
    }
    if (view.matched) {
      const box = element("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => {
        this.equal = box.checked;
        equalise(this.node.closest(`.${VIEW}`), this.equal);
      });
      this.node.append(element("label", {}, box, " Equal loudness"));
    }
    this.before = element("button", { type: "button" }, "‹ Previous");
    this.after = element("button", { type: "button" }, "Next ›");
    this.place = element("span");
    this.before.addEventListener("click", () => arrange({ page: this.arranged.page - 1 }));
    this.after.addEventListener("click", () => arrange({ page: this.arranged.page + 1 }));
    this.paging = element("span", {}, this.before, this.place, this.after);
    this.node.append(this.paging);
    this.sort = (order) => arrange({ order, page: 1 });
    this.show(view);
  }

  // Makes the headings of a table sort it; a second click reverses the order.
  placeHeads(view) {
    for (const head of view.querySelectorAll("[class*=soundpiece-sorts-]")) {
      const column = /soundpiece-sorts-(\w+)/.exec(head.className)[1];
      const [up, down] = [column, `-${column}`];
      const now = this.arranged.order;
      head.dataset.name ||= head.textContent;
      const arrow = now === up ? " ▴" : now === down ? " ▾" : "";
      const button = element("button", { type: "button", [OURS]: "sort", ...TYPING });
      button.textContent = head.dataset.name + arrow;
      button.title = now === up ? "ascending" : now === down ? "descending" : "sort by this";
      button.addEventListener("click", () => {
        this.focusing = column;
        this.sort(now === up ? down : up);
      });
      const focused = this.focusing === column || head.contains(document.activeElement);
      head.replaceChildren(button);
      if (focused) button.focus();
    }
    this.focusing = null;
  }

  show(view) {
    this.arranged = { order: view.order, page: view.page };
    if (this.order) this.order.value = view.order;
    this.paging.hidden = view.pages < 2;
    this.place.textContent = ` page ${view.page} of ${view.pages} `;
    this.before.disabled = view.page <= 1;
    this.after.disabled = view.page >= view.pages;
  }
}
