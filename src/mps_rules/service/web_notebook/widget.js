// The cell: a frame that holds the page, and a go-between for the page and the kernel.

const PAGE = "{page}";

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = "Muscle pain: where it hurts, what to ask, why";
  frame.srcdoc = PAGE;
  frame.style.cssText = `width:100%;height:${model.get("height")};border:1px solid #8886;border-radius:8px;background:#fff`;
  const asked = ({ source, data }) => source === frame.contentWindow && model.send(data);
  const told = (data) => frame.contentWindow?.postMessage(data, "*");
  window.addEventListener("message", asked);
  model.on("msg:custom", told);
  el.append(frame);
  return () => {
    window.removeEventListener("message", asked);
    model.off("msg:custom", told);
  };
}

export default { render };
