
// The board: only the rows with all words of the search, and with each choice.
const search = document.querySelector("#filter");
if (search) {
  const rows = all("main table tbody tr"), choices = all(".filters select");
  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = words.every(word => text.includes(word)) && choices.every(choice =>
        !choice.value || row.cells[choice.dataset.column].textContent.trim() === choice.value);
      row.hidden = !fits;
      left += fits;
    }
    document.querySelector("#shown").textContent = `${left} of ${rows.length} cells`;
  };
  search.addEventListener("input", narrow);
  for (const choice of choices) choice.addEventListener("change", narrow);
  narrow();
}
