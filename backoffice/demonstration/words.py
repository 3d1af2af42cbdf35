"""Word lists of the demonstration: invented towns, makers and people. None of them is anybody."""

from __future__ import annotations


def _words(text: str, between: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(between))


REGIONS: tuple[tuple[str, str, str], ...] = (
    ("浙江", "云溪", "0571"),
    ("浙江", "望潮", "0574"),
    ("江苏", "澜江", "025"),
    ("江苏", "荷泽湖", "0512"),
    ("上海", "浦澜", "021"),
    ("广东", "岭川", "020"),
    ("广东", "南屿", "0755"),
    ("山东", "泰原", "0531"),
    ("福建", "榕浦", "0591"),
    ("四川", "锦岷", "028"),
    ("湖北", "江夏口", "027"),
    ("湖南", "星沙洲", "0731"),
    ("北京", "燕河", "010"),
    ("天津", "津渡", "022"),
    ("辽宁", "沈浦", "024"),
    ("陕西", "渭原", "029"),
    ("安徽", "淝川", "0551"),
    ("河南", "嵩口", "0371"),
)
"""Region, an invented town there, area code."""

BRANDS = _words(
    "澜川 栩然 恒岭 沐阳谷 启岳 朗汇 森禾 云帆渡 晟桥 博禹 睿川 合旷 瑞棠 嘉柏 同屿 腾谷 鼎沐 明垣 新砚 华栎 "
    "安澄 益衡 宏朔 远钧 立舟 凯峤 信屿 联桁 广霖 中栾 东暮 海棣 正榆 利淙 佳垚 金湑 万栖 天珩 德淼 盛岚"
)

TRADES: tuple[tuple[str, str], ...] = (
    ("精密机械", "装备制造"),
    ("数控设备", "装备制造"),
    ("液压技术", "装备制造"),
    ("电子科技", "电子信息"),
    ("智能仪表", "电子信息"),
    ("半导体材料", "电子信息"),
    ("新材料", "化工材料"),
    ("精细化工", "化工材料"),
    ("塑料制品", "化工材料"),
    ("纺织", "纺织服装"),
    ("服饰", "纺织服装"),
    ("食品", "食品饮料"),
    ("乳业", "食品饮料"),
    ("物流", "物流仓储"),
    ("供应链管理", "物流仓储"),
    ("医疗器械", "医药健康"),
    ("生物医药", "医药健康"),
    ("建筑工程", "建筑建材"),
    ("装饰材料", "建筑建材"),
    ("汽车零部件", "汽车配件"),
    ("商贸", "批发零售"),
    ("百货", "批发零售"),
    ("酒店管理", "住宿餐饮"),
    ("软件", "信息服务"),
    ("环保科技", "节能环保"),
)
"""Trade word and industry."""

FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司")

ROADS = _words("滨河路 观澜大道 建业路 望江街 工业二路 长桥巷 青枫路 科创大道 朝晖路 东湖街 北环路 学林路")

SURNAMES = list("赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹窦章苏潘葛范彭鲁韦马方任袁柳")
GIVEN = _words(
    "文博 思远 嘉禾 雨桐 子墨 晓岚 建国 志强 秀英 海涛 明哲 佳宁 若曦 天佑 立群 淑芬 永康 雅静 国栋 春燕 "
    "俊杰 婉清 世豪 慧敏 泽宇 梦瑶 振华 丽华 启明 晨曦 少峰 巧玲 宏伟 静怡 家骏 玉兰 修远 一鸣 亦凡 安宁"
)

POSITIONS = _words("采购主管 采购经理 供应链经理 行政主管 设备部经理 财务经理 总经理助理 项目经理 生产部长 办公室主任")

HOURS = ("工作日 9:00-11:30", "工作日 14:00-17:30", "工作日 9:00-17:00", "周一至周四 15:00-17:30", "Mon-Fri 9:00-11:30")

ENGLISH_PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("英国", "Port Ellery", "Ltd", "+44 20 7946 0{:03d}"),
    ("美国", "New Calder", "Inc.", "+1 212 555 01{:02d}"),
    ("澳大利亚", "Wattle Bay", "Pty Ltd", "+61 2 5550 1{:03d}"),
    ("加拿大", "Elk Landing", "Inc.", "+1 613 555 01{:02d}"),
)
"""Country, an invented town, legal form, telephone numbers that nobody has."""

ENGLISH_MAKERS = _words(
    "Harrow & Pike|Calderwell|Northmoor|Bright Anvil|Tidewater Lane|Ostley|Pennywhistle|Greyfold|Marlow Finch|"
    "Quillon|Larkspur & Dunn|Sable Harbour|Thornbury Vale|Copperleaf|Wexcombe|Fenwright",
    "|",
)
ENGLISH_TRADES: tuple[tuple[str, str], ...] = (
    ("Instruments", "电子信息"),
    ("Textiles", "纺织服装"),
    ("Components", "汽车配件"),
    ("Foods", "食品饮料"),
    ("Logistics", "物流仓储"),
    ("Marine Supplies", "装备制造"),
    ("Medical", "医药健康"),
)
ENGLISH_FIRST = _words("Alice Edmund Harriet Oliver Imogen Rupert Beatrice Gideon Philippa Jasper")
ENGLISH_LAST = _words("Fairweather Lockhart Ashdown Pemberton Wainright Halloran Thistlewood Merrivale")

INTERESTS = _words("登山 书法 篮球 摄影 茶道 围棋 钓鱼 越野跑 园艺 乒乓球")

COMPLAINTS: tuple[tuple[str, str, str, str], ...] = (
    ("到货数量与订单不符", "delivery", "订 200 件，实收 186 件，外箱封条完好。", "补发 14 件并说明原因"),
    ("设备运行噪声过大", "quality", "安装后第三天起噪声明显，现场测得 82 分贝。", "派人检修或更换"),
    ("发票抬头开错", "billing", "抬头少写“股份”二字，客户财务无法入账。", "重开发票并加急寄出"),
    ("安装人员迟到且未道歉", "service", "约 9:00，11:40 才到，期间电话无人接听。", "当面致歉，重新约定时间"),
    ("合同约定的培训未安排", "contract", "合同第六条约定两次现场培训，至今未排期。", "本月内安排培训"),
    ("维修后同一故障再次出现", "after_sales", "上月更换的传感器再次报错 E07。", "更换整机"),
    ("包装破损导致产品受潮", "quality", "雨天卸货，内袋未封，12 箱受潮结块。", "换货并承担运费"),
    ("客服电话长时间无人接听", "service", "连续两天下午拨打五次，均未接通。", "说明原因并留直线电话"),
    ("账单金额与对账单不一致", "billing", "九月账单多计一笔 4,860 元运费。", "核对并退回差额"),
    ("交货期一再推迟", "delivery", "原定 15 日交货，两次通知改期，影响客户开工。", "给出确定日期，承担停工损失"),
    ("产品说明书缺少中文版", "information", "随机仅有外文说明，操作工无法使用。", "提供中文说明书"),
    ("替换件颜色与样品不符", "quality", "样品为深灰，到货为浅灰，已拍照。", "按样品重新发货"),
)
"""Subject, problem, facts, what the customer wants."""

CAUSES = _words("仓库拣货未复核 供应商批次不良 排班衔接不当 开票资料未更新 运输包装不达标 承诺未录入系统")

REVISIT_ANSWERS = (
    "对本季度供货及时性表示满意，希望提前一周收到排产计划。",
    "设备运行正常，操作工反映培训资料清楚。",
    "上次投诉已妥善解决，愿意继续合作。",
    "希望增加夜间值班电话；对接人态度好。",
    "明年计划扩产，约三月再谈新增需求。",
)
