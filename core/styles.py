"""Ways of speaking by name: what a surface offers in a list, and the instruction that a model reads for it.

The instructions are Chinese and of the forms that CosyVoice 2 was trained and shown with ("用四川话说这句话",
arXiv:2412.10117, section 2.5): it follows them whatever language the text is in.
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import RequestError

PRESETS: Mapping[str, Mapping[str, str]] = {
    "emotion": {
        "happy": "高兴",
        "excited": "兴奋",
        "sad": "悲伤",
        "angry": "生气",
        "fearful": "害怕",
        "surprised": "惊讶",
        "disgusted": "厌恶",
        "calm": "平静",
        "gentle": "温柔",
        "serious": "严肃",
    },
    "dialect": {
        "Mandarin": "普通话",
        "Cantonese": "粤语",
        "Sichuan": "四川话",
        "Shanghai": "上海话",
        "Northeastern": "东北话",
        "Tianjin": "天津话",
        "Zhengzhou": "郑州话",
        "Changsha": "长沙话",
        "Wuhan": "武汉话",
        "Shandong": "山东话",
        "Shaanxi": "陕西话",
    },
    "style": {
        "whisper": "轻声耳语",
        "loud": "大声",
        "storyteller": "像讲故事一样",
        "news": "像新闻播音员一样",
        "child": "像小朋友一样",
        "robot": "像机器人一样",
        "Peppa": "像小猪佩奇一样",
        "mysterious": "神秘",
        "heroic": "慷慨激昂",
    },
    "pace": {
        "very slow": "非常慢",
        "slow": "慢",
        "fast": "快",
        "very fast": "非常快",
    },
}
_FORMS = {"emotion": "用{}的语气", "dialect": "用{}", "style": "用{}的方式", "pace": "用{}的语速"}


def instruction(
    *,
    emotion: str | None = None,
    dialect: str | None = None,
    style: str | None = None,
    pace: str | None = None,
    text: str = "",
) -> str | None:
    """Presets and words of one's own as one instruction, None if there are none.

    Raises RequestError for a preset that is not known, naming those that are.
    """
    chosen = {"emotion": emotion, "dialect": dialect, "style": style, "pace": pace}
    parts = [_FORMS[group].format(_preset(group, name)) for group, name in chosen.items() if name]
    said = "，".join(parts) + "说这句话" if parts else ""
    own = text.strip()
    return "，".join(filter(None, (said, own))) or None


def _preset(group: str, name: str) -> str:
    presets = PRESETS[group]
    found = next((words for known, words in presets.items() if known.casefold() == name.strip().casefold()), None)
    if found is None:
        raise RequestError(f"no {group} {name!r}: choose one of {', '.join(presets)}, or say it in your own words")
    return found
